"""``hadir phone``: tokens of phones, issued, rotated and revoked."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import uuid4

import click
import segno
from aiokafka.errors import KafkaError
from rich.table import Table

from hadir import clock
from hadir.cli.imports import NO_KAFKA
from hadir.cli.review import account, line
from hadir.cli.screen import screen
from hadir.errors import Misconfigured
from hadir.reading import KafkaReader
from hadir.settings import Address, Settings, settings
from producers import issuing
from producers.deciding import MOST_NAME
from producers.roster import cells
from producers.sources.region import local_day
from producers.writing import enter

_T = TypeVar("_T")


def _cell(parse: Callable[[str], Any]) -> Callable[[click.Context, click.Parameter, str | None], Any]:
    """The callback of what is typed as it stands in a roster file."""

    def checked(ctx: click.Context, parameter: click.Parameter, text: str | None) -> Any:
        try:
            return None if text is None else parse(text)
        except cells.BadCell as fault:
            raise click.BadParameter(str(fault)) from None

    return checked


_by = click.option(
    "--by", metavar="USER", callback=line(MOST_NAME), help="Who enters it. Default: the account on this machine."
)
_server = click.option(
    "--server", metavar="URL", help="Address by which phones reach the gateway. Default: HADIR_GATEWAY_URL."
)
_install = click.argument("install", metavar="INSTALL", callback=_cell(cells.install))


@click.group("phone")
def phone_command() -> None:
    """
    Tokens of phones, while hadir is up: issue one to a person, rotate it, revoke it (docs/phones.md).

    A token is shown once, only its hash is kept. A person has one phone at a time. Two of these commands, or one and
    "hadir roster import", are not to run at the same time.
    """


@phone_command.command("issue")
@click.argument("employee")
@click.option(
    "--install",
    metavar="ID",
    callback=_cell(cells.install),
    help="Installation, where the app has named itself already. Default: a new one.",
)
@click.option("--until", metavar="DATE", callback=_cell(cells.day), help="Last date on which it holds. Default: open.")
@_server
@_by
def issue(employee: str, install: str | None, until: int | None, server: str | None, by: str | None) -> None:
    """
    A token for a person's phone, from today on, with a QR code for hadir's app and addresses for other apps.

    EMPLOYEE is a staff number (NIP, NI PPPK or NIK) or hadir's own id.
    """
    config, by = settings(), by or account()
    public, token, install_id = _public(config, server), issuing.make_token(), install or str(uuid4())

    def record(book: issuing.Book, today: int) -> list[dict[str, Any]]:
        person = book.person(employee)
        click.echo(f"{person.name} ({person.staff_no})")
        return [issuing.issued(book, person, install_id, token, today, until)]

    _enter(config, record, by)
    _show(public, install_id, token)


@phone_command.command("rotate")
@_install
@_server
@_by
def rotate(install: str, server: str | None, by: str | None) -> None:
    """A new token for an installation; the old one ends at once."""
    config, by = settings(), by or account()
    public, token = _public(config, server), issuing.make_token()
    _enter(config, lambda book, today: [issuing.rotated(book, install, token, today)], by)
    _show(public, install, token)


@phone_command.command("revoke")
@_install
@_by
def revoke(install: str, by: str | None) -> None:
    """End an installation at once: a phone that is lost, or another person's from now on."""
    _enter(settings(), lambda book, today: issuing.revoked(book, install, today), by or account())
    click.echo(f"{install} is let in no more")


@phone_command.command("list")
@click.option("--all", "ended", is_flag=True, help="Those that have ended too.")
def list_phones(ended: bool) -> None:
    """Whose phone is which, from when to when."""
    config = settings()
    book = asyncio.run(_asked(config, _book(config)))
    table = Table("install", "staff no", "name", "from", "to", "entered by")
    for record in book.phones(None if ended else _today(config)):
        person = book.people.get(record["employee_id"]) or issuing.Person(record["employee_id"], "-", "-")
        span = (issuing.day(record["valid_from"]), issuing.day(record["valid_to"]))
        table.add_row(record["install_id"], person.staff_no, person.name, *span, record["recorded_by"])
    if table.row_count:
        screen().print(table)
    else:
        click.echo("no phones")


def _today(config: Settings) -> int:
    return local_day(config.timezone, clock.now_ms())


async def _book(config: Settings) -> issuing.Book:
    book = issuing.Book(config.timezone)
    await book.load(KafkaReader(config))
    return book


async def _asked(config: Settings, asking: Awaitable[_T]) -> _T:
    try:
        return await asking
    except KafkaError:
        raise Misconfigured(NO_KAFKA.format(config.kafka)) from None


def _enter(config: Settings, records: Callable[[issuing.Book, int], list[dict[str, Any]]], by: str) -> None:
    """Read what there is, make the records, write them and wait for Kafka."""

    async def entered() -> None:
        book = await _book(config)
        try:
            made = records(book, _today(config))
        except ValueError as refusal:
            raise click.ClickException(str(refusal)) from None
        at = clock.now_ms()
        noted = [issuing.noted(record, by=by, at=at) for record in made]
        await enter(config, "phone", noted, client_id="hadir-phone")

    asyncio.run(_asked(config, entered()))


def _public(config: Settings, server: str | None) -> str:
    """The gateway's address for phones, without a slash at its end. Raises a usage error."""
    if server is not None:
        try:
            return Settings(gateway_url=server).gateway_url.rstrip("/")  # type: ignore[call-arg]
        except ValueError:
            raise click.UsageError("--server: an address like https://hadir.example.id is needed") from None
    scheme = "https" if config.gateway_certificate else "http"
    return config.gateway_url.rstrip("/") or Address(scheme, config.gateway_host, config.gateway_port).url


def _show(public: str, install_id: str, token: str) -> None:
    link = "hadir://enrol?" + urlencode({"server": public, "install": install_id, "token": token})
    drawn = io.StringIO()
    segno.make(link, error="m", micro=False).terminal(drawn, compact=True)
    click.echo(f"\n{drawn.getvalue()}")
    click.echo(f"install    {install_id}")
    click.echo(f"token      {token}   (shown this once)")
    click.echo(f"hadir      {link}")
    click.echo(f"Traccar    {public}/v1/track/traccar/{token}")
    click.echo(f"OwnTracks  {public}/v1/track/owntracks   user: {install_id}, password: the token")
    if not public.startswith("https:"):
        click.echo("\nThis address is in the clear: whoever listens on the way learns the token.")
