"use strict";
// The page only shows: what may be seen, sums and order come from the server. All text goes in as text, never as HTML.

const LANGUAGE = new URLSearchParams(location.search).get("lang") === "en" ? "en" : "id";
const WORDS = {
  id: {
    wajib: "Wajib hadir", hadir: "Hadir", terlambat: "Terlambat", ditunggu: "Ditunggu", belum_hadir: "Belum hadir",
    tidak_hadir: "Tidak hadir", tk: "Tanpa keterangan", belum_dapat_dipastikan: "Belum dapat dipastikan",
    berhalangan_sah: "Berhalangan sah", cuti_sakit_izin: "Cuti/sakit/izin", dinas_luar: "Dinas luar",
    belum_waktunya: "Belum waktunya", libur: "Libur/lepas dinas", tidak_dinilai: "Belum diterapkan", roster: "Pegawai",
    complete: (n) => `Data lengkap: ${n} mesin terhubung`,
    lacking: (n, all, people, names) => `Data belum lengkap: ${n} dari ${all} mesin tidak terhubung; `
      + `${people} pegawai belum dapat dipastikan. ${names}`,
    others: (n) => `dan ${n} lagi`,
    unsure: (people) => `Data belum lengkap: ${people} pegawai belum dapat dipastikan`,
    arrivals: "Baru datang", late: (m) => `terlambat ${m} menit`, page: (n, all) => `halaman ${n} dari ${all}`,
    stale: (age) => `DATA BERHENTI SEJAK ${age}: angka di bawah ini tidak berlaku`, cut: "TERPUTUS DARI SERVER: angka di bawah ini lama",
    none: "MENUNGGU DATA", seconds: "detik", minutes: "menit", signin: "Masuk", signout: "Keluar", name: "Nama", password: "Kata sandi",
    cancel: "Batal", wrong: "Nama atau kata sandi salah.", too_often: "Terlalu sering. Coba lagi satu menit lagi.",
    back: "← Semua kantor", who: "Nama", state: "Keadaan", in: "Masuk", out: "Pulang", shift: "Jam dinas", cutoff: "Batas",
    policy: "Aturan", open: "Diputuskan paling lambat", punches: "Rekaman mesin", terminal: "Mesin", at: "Jam", used: "Dipakai sebagai",
    history: "Pernah ditampilkan", from: "Sejak", not_yours: "Bukan unit Anda.", sign_in: "Masuk dahulu untuk melihat nama.",
    database: "Basis data tidak menjawab. Coba lagi.", trial: "uji coba", not_in_force: "belum diterapkan",
    used_as: { in: "masuk", out: "pulang", none: "tidak dipakai" },
    phone: "Posisi telepon selama dinas", judged: (until) => `dinilai sampai pukul ${until}`,
    whole: (end) => `dinilai seluruhnya sampai ${end}`, later: "belum dinilai",
    gap: "Telepon diam atau tidak jelas: celah data, bukan ketidakhadiran.",
    no_duty: "Tidak dinilai: tidak ada dinas di kantor pada tanggal ini.", no_phone: "Tidak ada telepon terdaftar.",
    no_place: "Tidak dinilai: letak kantor belum dicatat.",
    none_yet: "Belum ada yang dapat dinilai: celah data, bukan ketidakhadiran.",
    flags: (n) => `${n} tanda untuk diperiksa`, flagged: "Tanda: bukti, bukan putusan", date: "Tanggal", sign: "Tanda",
  },
  en: {
    wajib: "Due", hadir: "Present", terlambat: "Late", ditunggu: "Awaited", belum_hadir: "Not here yet",
    tidak_hadir: "Absent", tk: "Unexplained", belum_dapat_dipastikan: "Cannot be said yet",
    berhalangan_sah: "Excused", cuti_sakit_izin: "On leave", dinas_luar: "On field duty",
    belum_waktunya: "Not due yet", libur: "Off duty", tidak_dinilai: "Not in force", roster: "Staff",
    complete: (n) => `Data complete: ${n} terminals connected`,
    lacking: (n, all, people, names) => `Data incomplete: ${n} of ${all} terminals not connected; `
      + `of ${people} people nothing can be said yet. ${names}`,
    others: (n) => `and ${n} more`,
    unsure: (people) => `Data incomplete: of ${people} people nothing can be said yet`,
    arrivals: "Just arrived", late: (m) => `${m} minutes late`, page: (n, all) => `page ${n} of ${all}`,
    stale: (age) => `DATA STOPPED ${age} AGO: the figures below do not hold`, cut: "CUT OFF FROM THE SERVER: the figures below are old",
    none: "WAITING FOR DATA", seconds: "seconds", minutes: "minutes", signin: "Sign in", signout: "Sign out", name: "Name", password: "Password",
    cancel: "Cancel", wrong: "Wrong name or password.", too_often: "Too often. Try again in a minute.",
    back: "← All offices", who: "Name", state: "State", in: "In", out: "Out", shift: "Shift", cutoff: "Cutoff",
    policy: "Rule", open: "Decided at the latest", punches: "Terminal records", terminal: "Terminal", at: "Time", used: "Used as",
    history: "Was shown", from: "From", not_yours: "Not one of your units.", sign_in: "Sign in to see names.",
    database: "The database does not answer. Try again.", trial: "trial", not_in_force: "not in force",
    used_as: { in: "in", out: "out", none: "not used" },
    phone: "The phone during the shift", judged: (until) => `judged through ${until}`,
    whole: (end) => `judged to the end, ${end}`, later: "not judged yet",
    gap: "A phone that is silent or unclear is a gap in the data, not an absence.",
    no_duty: "Not judged: no duty at the office on this date.", no_phone: "No phone is registered.",
    no_place: "Not judged: the office's place is not on record.",
    none_yet: "Nothing to judge yet: a gap in the data, not an absence.",
    flags: (n) => `${n} ${n === 1 ? "sign" : "signs"} to be reviewed`, flagged: "Signs: evidence, no verdict", date: "Date", sign: "Sign",
  },
}[LANGUAGE];
const PAGE_S = 12, REFRESH_S = 1, PERSON_S = 60;  // a phone's quarter of an hour changes no tile, so a person is asked anew
const SHOWN_ARRIVALS = 12;
const STATE_CLASS = {
  present: "here", present_unmeasured: "here", late: "late", awaited: "awaited", not_here: "gone", absent: "gone",
  unexplained: "gone", undetermined: "unknown", leave: "excused", field_duty: "excused",
  inside: "here", outside: "outside", unknown: "unknown",
};
const FLAG = "⚑";
const SIGNS = { here: "✓", late: "◔", awaited: "…", gone: "✕", unknown: "?", excused: "○", outside: "↗" };

const $ = (id) => document.getElementById(id);
const state = { tiles: new Map(), order: [], page: 0, me: null, date: "", cut: false, beat: null, heardAt: 0 };

function make(tag, text, className) {
  const element = document.createElement(tag);
  if (text !== undefined && text !== null) element.textContent = text;
  if (className) element.className = className;
  return element;
}

// -- the city ---------------------------------------------------------------------------------------------------------

function onBoard(view) {
  if (view.whole) { state.tiles.clear(); $("arrivals").querySelector("ol").replaceChildren(); }
  for (const tile of view.tiles) state.tiles.set(tile.unit, tile);
  for (const unit of view.gone) state.tiles.delete(unit);
  state.order = view.order;
  state.date = view.date;
  $("date").textContent = `${dayText()} · ${WORDS.roster} ${view.total.roster ?? 0}`;
  showTotals(view.total, view.flags);
  showComplete(view);
  for (const arrival of view.arrivals) addArrival(arrival);
  showTiles();
  document.body.dataset.version = view.version;
  refreshDetail(view);
}

function showTotals(total, flags) {
  const absent = ["tidak_hadir", "tk"].filter((key) => total[key]);
  const shown = [["wajib", ""], ["hadir", "here"], ["terlambat", "late"], ["ditunggu", "awaited"], ["belum_hadir", "gone"],
    ...absent.map((key) => [key, "gone"]), ["belum_dapat_dipastikan", "unknown"]];
  const old = new Map([...$("totals").children].map((box) => [box.dataset.count, box]));
  const boxes = shown.map(([key, kind]) => {
    let box = old.get(key);
    if (!box) {
      box = make("div", null, kind);
      box.dataset.count = key;
      box.append(make("b"), make("span", `${SIGNS[kind] ?? ""} ${WORDS[key]}`.trim()));
    }
    box.firstChild.textContent = total[key] ?? 0;
    return box;
  });
  if (boxes.length !== old.size || boxes.some((box) => !old.has(box.dataset.count))) $("totals").replaceChildren(...boxes);
  const rest = ["berhalangan_sah", "cuti_sakit_izin", "dinas_luar", "belum_waktunya", "libur", "tidak_dinilai"];
  const said = rest.filter((key) => total[key]).map((key) => `${WORDS[key]} ${total[key]}`);
  $("rest").textContent = [...said, ...(flags ? [`${FLAG} ${WORDS.flags(flags)}`] : [])].join(" · ");
}

function showComplete(view) {
  const silent = view.silent.length, unsure = view.total.belum_dapat_dipastikan ?? 0;
  const named = view.silent.slice(0, 2).map((t) => `${t.office}${t.since ? ` (${t.since.slice(-5)})` : ""}`);
  const names = [...named, ...(silent > 2 ? [WORDS.others(silent - 2)] : [])].join(", ");
  $("complete").className = silent || unsure ? "lacking" : "";
  $("complete").textContent = silent ? WORDS.lacking(silent, view.terminals, unsure, names)
    : unsure ? WORDS.unsure(unsure) : WORDS.complete(view.terminals);
}

function fillTile(element, tile) {
  const gone = tile.belum_hadir + tile.tidak_hadir + tile.tk;
  const kind = gone ? "gone" : tile.belum_dapat_dipastikan ? "unknown" : tile.ditunggu ? "awaited" : tile.wajib ? "here" : "";
  element.className = `tile ${kind}`;
  element.href = `#unit/${encodeURIComponent(tile.unit)}`;
  const name = make("strong", tile.name);
  if (tile.mode !== "in_force") name.append(" ", make("span", WORDS[tile.mode] ?? tile.mode, "trial"));
  const line = make("p");
  for (const [count, what] of [[gone, "gone"], [tile.belum_dapat_dipastikan, "unknown"], [tile.ditunggu, "awaited"], [tile.terlambat, "late"]]) {
    if (count) { const part = make("span"); part.append(make("i", SIGNS[what], what), ` ${count}`); line.append(part); }
  }
  if (tile.tanda) line.append(make("span", `${FLAG} ${tile.tanda}`));
  line.append(make("span", `${tile.hadir + tile.terlambat} / ${tile.wajib}`));
  element.replaceChildren(name, line);
}

function perPage() {
  if (matchMedia("(max-width: 1100px)").matches) { $("tiles").style.gridTemplateRows = ""; return Infinity; }
  const rows = Math.max(1, Math.floor(($("tiles").clientHeight + 10) / 122));  // a tile and the gap below it
  $("tiles").style.gridTemplateRows = `repeat(${rows}, 1fr)`;
  return 2 * rows;
}

function showTiles() {
  const most = perPage(), pages = Math.max(1, Math.ceil(state.order.length / most));
  if (state.page >= pages) state.page = 0;
  const shown = most === Infinity ? state.order : state.order.slice(state.page * most, (state.page + 1) * most);
  const old = new Map([...$("tiles").children].map((element) => [element.dataset.unit, element]));
  const elements = shown.filter((unit) => state.tiles.has(unit)).map((unit) => {
    const element = old.get(unit) ?? make("a");
    element.dataset.unit = unit;
    const text = JSON.stringify(state.tiles.get(unit));
    if (element.dataset.tile !== text) { element.dataset.tile = text; fillTile(element, state.tiles.get(unit)); }
    return element;
  });
  $("tiles").replaceChildren(...elements);
  $("page").textContent = pages > 1 ? WORDS.page(state.page + 1, pages) : "";
}

function addArrival(arrival) {
  const list = $("arrivals").querySelector("ol");
  const item = make("li");
  item.append(make("b", arrival.at, arrival.late_m ? "late" : "here"), make("span", arrival.name ?? arrival.office));
  const said = [arrival.late_m ? WORDS.late(arrival.late_m) : "", arrival.name ? arrival.office : ""].filter(Boolean).join(" · ");
  item.append(make("small", said || WORDS.hadir));
  list.prepend(item);
  while (list.children.length > SHOWN_ARRIVALS) list.lastChild.remove();
}

// -- an office, a person ----------------------------------------------------------------------------------------------

let lookedAt = "", detailUnit = "", askedAt = 0;

async function showDetail() {
  const [kind, id] = location.hash.slice(1).split("/");
  const detail = $("detail"), open = kind === "unit" || kind === "person";
  $("city").hidden = open;
  document.body.classList.toggle("near", open);  // who reads names stands near: room for the table, none for the totals
  detail.hidden = !open;
  if (!open) { showTiles(); lookedAt = ""; return; }
  const wanted = `${kind}/${id}`;
  askedAt = performance.now();
  const answer = await fetch(`api/${kind === "unit" ? "office" : "person"}/${id}?lang=${LANGUAGE}`).catch(() => null);
  const found = answer ? await answer.json().catch(() => ({ error: "database" })) : { error: "database" };
  if (location.hash !== `#${wanted}`) return;  // somebody was quicker
  const fresh = lookedAt !== wanted;
  lookedAt = wanted;
  detailUnit = found.unit ?? "";
  const back = make("a", WORDS.back);
  back.href = kind === "person" && found.unit ? `#unit/${encodeURIComponent(found.unit)}` : "#";
  if (kind === "person" && found.office) back.textContent = `← ${found.office}`;
  const content = found.error ? [make("p", WORDS[found.error] ?? found.error)] : kind === "unit" ? office(found) : person(found);
  detail.replaceChildren(back, ...content);
  detail.dataset.shown = wanted;
  if (fresh) detail.scrollTop = 0;
  if (found.error === "sign_in" && fresh) signIn();
}

let refresh = null;

function refreshDetail(view) {
  const old = lookedAt.startsWith("person/") && performance.now() - askedAt > PERSON_S * 1000;
  if (!lookedAt || refresh || !(old || view.whole || view.tiles.some((tile) => tile.unit === detailUnit))) return;
  refresh = setTimeout(() => { refresh = null; showDetail(); }, REFRESH_S * 1000);
}

function table(heads, rows) {
  if (!rows.length) return make("p", "–");
  const whole = make("table"), head = make("tr");
  head.append(...heads.map((text) => make("th", text)));
  whole.append(head, ...rows);
  return whole;
}

function row(...cells) {
  const line = make("tr");
  line.append(...cells.map((cell) => { const td = make("td"); td.append(cell); return td; }));
  return line;
}

function said(what, text) {
  const kind = STATE_CLASS[what] ?? "", element = make("span");
  if (SIGNS[kind]) element.append(make("i", SIGNS[kind], kind), " ");
  element.append(text);
  return element;
}

function office(found) {
  const rows = found.people.map((one) => {
    const link = make("a", one.name || one.employee);
    link.href = `#person/${one.employee}`;
    return row(link, said(one.state, one.said), one.out);
  });
  const flags = found.flags.map((one) => {
    const link = make("a", one.name || one.employee);
    link.href = `#person/${one.employee}`;
    return row(one.date.replaceAll("-", "\u2011"), link, sign(one));  // hyphens at which no line is broken
  });
  const toReview = flags.length
    ? [make("h2", `${FLAG} ${WORDS.flags(flags.length)}`), table([WORDS.date, WORDS.who, WORDS.sign], flags)] : [];
  return [make("h2", found.office), table([WORDS.who, WORDS.state, WORDS.out], rows), ...toReview];
}

function person(found) {
  const facts = make("dl");
  const told = [[WORDS.state, said(found.state, found.said)], [WORDS.shift, found.shift], [WORDS.cutoff, found.cutoff],
    [WORDS.policy, found.policy ? found.policy.source || found.policy.id : ""], [WORDS.open, found.open_until]];
  for (const [what, value] of told) if (value) { const dd = make("dd"); dd.append(value); facts.append(make("dt", what), dd); }
  const punches = found.punches.map((one) => row(one.at.replaceAll(":", "."), one.terminal, WORDS.used_as[one.used_as] ?? one.used_as));
  const shown = found.history.map((one) => row(one.from, one.said));
  const taken = found.correction ? [make("p", found.correction, "correction")] : [];
  return [make("h2", found.name), ...taken, facts, ...flagged(found.flags), ...phone(found), make("h2", WORDS.punches), table([WORDS.at, WORDS.terminal, WORDS.used], punches),
    make("h2", WORDS.history), table([WORDS.from, WORDS.state], shown)];
}

function phone(found) {
  const stay = found.presence;
  if (!stay) return [make("h2", WORDS.phone), make("p", WORDS[found.no_presence] ?? found.no_presence, "note")];
  const places = make("ul", null, "places"), windows = make("ol", null, "windows");
  for (const one of stay.places) {
    const line = make("li"), bar = make("i", null, `part ${one.place}`);
    bar.append(make("b", SIGNS[STATE_CLASS[one.place]]));
    line.append(bar, make("span", one.word), make("strong", one.time));
    places.append(line);
  }
  for (const one of stay.windows) {
    const line = make("li", `${one.from}–${one.to} `);
    line.append(said(one.place, one.said));
    windows.append(line);
  }
  const head = make("h2", `${WORDS.phone} `);
  head.append(make("span", stay.complete ? WORDS.whole(stay.end) : WORDS.judged(stay.until), "judged"));
  return [head, ...strip(stay), places, make("p", WORDS.gap), windows];
}

// A column an hour, as wide as it is long; in it the places by their share, always in the same order. The list below says
// the same to whoever can't see it.
function strip(stay) {
  const bars = make("div", null, "strip"), below = make("div", null, "hours");
  bars.ariaHidden = below.ariaHidden = "true";
  for (const hour of stay.hours) {
    const column = make("div");
    column.style.flexGrow = hour.s;
    column.title = hour.said;
    for (const one of hour.parts) {
      const part = make("i", null, `part ${one.place}`), sign = make("b", SIGNS[STATE_CLASS[one.place]]);
      part.style.flexGrow = one.s;
      sign.append(make("span", ` ${one.m}′`));
      part.append(sign);
      column.prepend(part);
    }
    bars.append(column);
  }
  if (stay.later_s > 0) {
    const later = make("div", null, "later");
    later.style.flexGrow = stay.later_s;
    later.append(make("span", WORDS.later));
    bars.append(later);
  }
  for (const one of stay.labels) {
    const label = make("span", one.text);
    label.style.left = `${one.at * 100}%`;
    below.append(label);
  }
  return [bars, below];
}

function sign(one) {
  const said = make("p", null, "sign");
  said.append(make("b", `${one.rule} (${one.weight})`), make("span", `: ${one.evidence}.`), make("small", one.said));
  return said;
}

function flagged(flags) {
  return flags.length ? [make("h2", `${FLAG} ${WORDS.flagged}`), ...flags.map(sign)] : [];
}

// -- clock, age, connection -------------------------------------------------------------------------------------------

function onBeat(beat) {
  state.beat = beat;
  state.heardAt = performance.now();
  state.cut = false;
  $("clock").textContent = beat.clock;
  showAge();
}

function showAge() {
  const beat = state.beat, alarm = $("alarm");
  const since = beat ? (performance.now() - state.heardAt) / 1000 : 0;
  const age = beat && beat.age_s !== null ? beat.age_s + since : null;
  let text = "";
  if (state.cut || since > 15) text = WORDS.cut;
  else if (beat && age === null) text = WORDS.none;
  else if (beat && age > beat.stale_s) text = WORDS.stale(age < 120 ? `${Math.round(age)} ${WORDS.seconds}` : `${Math.round(age / 60)} ${WORDS.minutes}`);
  alarm.hidden = !text;
  if (alarm.textContent !== text) alarm.textContent = text;
}

let stream = null;

function connect() {
  stream?.close();
  stream = new EventSource("api/stream");
  stream.addEventListener("board", (event) => onBoard(JSON.parse(event.data)));
  stream.addEventListener("beat", (event) => onBeat(JSON.parse(event.data)));
  stream.onerror = () => {
    state.cut = true;
    showAge();
    if (stream.readyState === EventSource.CLOSED) setTimeout(connect, 3000);
  };
}

// -- who looks on -----------------------------------------------------------------------------------------------------

async function whoAmI() {
  state.me = await (await fetch("api/me")).json();
  document.body.dataset.mode = state.me.user ? "leader" : "shared";
  $("region").textContent = state.me.region;
  $("who").textContent = state.me.user ? WORDS.signout : WORDS.signin;
  $("who").title = state.me.user ?? "";
}

function signIn() {
  const dialog = $("signin");
  if (!dialog.open) { dialog.querySelector(".wrong").textContent = ""; dialog.showModal(); }
}

async function onWho() {
  if (!state.me?.user) return signIn();
  await fetch("api/logout", { method: "POST" });
  location.hash = "";
  await whoAmI();
  connect();
}

async function onSignIn(event) {
  const form = event.target;
  if (event.submitter?.value !== "ok") return;
  event.preventDefault();
  const answer = await fetch("api/login", {
    method: "POST", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name: form.name.value, password: form.password.value }),
  });
  if (!answer.ok) { form.querySelector(".wrong").textContent = answer.status === 429 ? WORDS.too_often : WORDS.wrong; return; }
  form.reset();
  $("signin").close();
  await whoAmI();
  connect();
  showDetail();
}

function dayText() {
  if (!state.date) return "";
  const [year, month, day] = state.date.split("-").map(Number);
  return new Date(year, month - 1, day).toLocaleDateString(LANGUAGE, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
}

function start() {
  document.documentElement.lang = LANGUAGE;
  $("arrivals").querySelector("h2").textContent = WORDS.arrivals;
  const dialog = $("signin");
  dialog.querySelector("h2").textContent = WORDS.signin;
  const [name, password] = dialog.querySelectorAll("label span");
  name.textContent = WORDS.name;
  password.textContent = WORDS.password;
  const [cancel, ok] = dialog.querySelectorAll("button");
  cancel.textContent = WORDS.cancel;
  ok.textContent = WORDS.signin;
  dialog.querySelector("form").addEventListener("submit", onSignIn);
  $("who").addEventListener("click", onWho);
  addEventListener("hashchange", showDetail);
  addEventListener("resize", showTiles);
  setInterval(showAge, 1000);
  setInterval(() => { if (!document.hidden && $("detail").hidden) { state.page += 1; showTiles(); } }, PAGE_S * 1000);
  whoAmI().then(() => { connect(); showDetail(); });
}

start();
