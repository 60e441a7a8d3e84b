"""``hadir review``: signs of manipulation as evidence, and what a person decides about them."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Callable
from contextlib import closing
from uuid import UUID

import click
from aiokafka.errors import KafkaError
from rich.console import Console

from hadir import clock, queries
from hadir.cli.screen import screen
from hadir.cli.show import connected, names_in
from hadir.errors import Misconfigured
from hadir.flag_words import Names, decision_words, flag_words, state_words
from hadir.settings import settings
from producers.deciding import MOST_NAME, MOST_REASON, VERDICTS, decision, refusal, told
from producers.writing import enter


@click.group("review", invoke_without_command=True)
@click.option("--unit", metavar="ID", help="Only this unit: its unit_id in units.csv.")
@click.option("--all", "decided", is_flag=True, help="Those that were decided too.")
@click.pass_context
def review_command(ctx: click.Context, unit: str | None, decided: bool) -> None:
    """
    Signs of manipulation that nobody has decided about: date, office, person, what a rule saw, its weight and evidence.

    A sign is evidence, never a verdict: hear the person first (docs/manipulation.md), then decide with a reason. Times
    are those of the unit's zone; weight goes from 0 to 1.

    \b
      hadir review --unit dinas-kesehatan
      hadir review dismiss FLAG_ID --reason "ponsel pinjaman, sudah diklarifikasi"
    """
    if ctx.invoked_subcommand is not None:
        return
    console = screen()
    with closing(connected()) as client:
        rows = queries.flags(client, unit=unit, decided=decided)
        names = names_in(client, rows)
    for row in rows:
        _tell(console, row, names)
    if not rows:
        click.echo(f"no {'signs' if decided else 'open signs'}{f' in {unit}' if unit else ''}")


def _tell(console: Console, row: queries.Row, names: Names) -> None:
    who = f"{row['name']} ({row['staff_no']})" if row["name"] else str(row["employee_id"])
    console.print(f"{row['work_date']}  {row['unit_name'] or row['unit_id']}  {who}", style="bold")
    console.print(f"  {flag_words(row, names=names)}")
    console.print(f"  {state_words(row)}")
    console.print(f"  flag {row['flag_id']}")


def _flag_id(ctx: click.Context, parameter: click.Parameter, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise click.BadParameter(f"{text} is no id of a flag: hadir review lists them") from None


def line(most: int) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    """The callback of an option that is one line of text, as ``told`` has it."""

    def checked(ctx: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
        try:
            return None if text is None else told(parameter.name or "", text, most)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return checked


def _decider(verb: str, about: str) -> click.Command:
    @click.argument("flag_id", metavar="FLAG_ID", callback=_flag_id)
    @click.option(
        "--reason",
        required=True,
        callback=line(MOST_REASON),
        help=f"Why, in at most {MOST_REASON} characters. It is kept for ever: name nobody in it.",
    )
    @click.option(
        "--by", metavar="USER", callback=line(MOST_NAME), help="Who decides. Default: the account on this machine."
    )
    def command(flag_id: UUID, reason: str, by: str | None) -> None:
        _decide(verb, flag_id, reason, by or account())

    return click.command(verb, help=about)(command)


def account() -> str:
    """Who sits at this machine, for the record. Raises a usage error where the account has no name."""
    try:
        return told("by", getpass.getuser(), MOST_NAME)
    except (OSError, KeyError, ValueError):  # an account without a name, as containers have
        raise click.UsageError("this account has no name: say who decides with --by") from None


def _decide(verb: str, flag_id: UUID, reason: str, by: str) -> None:
    configured, console = settings(), screen()
    with closing(connected()) as client:
        row, before = queries.flag(client, flag_id), queries.decisions(client, flag_id)
        if row is not None:
            _tell(console, row, names_in(client, [row]))
    subject = row or (before[-1] if before and verb == "reverse" else None)
    if subject is None:
        raise click.ClickException(f"no flag {flag_id} stands: hadir review lists them")
    zone = row["timezone"] if row else configured.timezone
    for past in before:
        console.print(f"  before: {decision_words(past, timezone=zone)}")
    if why := refusal(verb, before):
        raise click.ClickException(why)
    record = decision(
        verb, flag_id, subject["employee_id"], subject["work_date"], reason=reason, by=by, at=clock.now_ms()
    )
    try:
        asyncio.run(enter(configured, "decision", [record], client_id="hadir-review"))
    except KafkaError:
        raise Misconfigured(f"Kafka does not answer at {configured.kafka}: is hadir up?") from None
    click.echo(f"{VERDICTS[verb]} by {by}")


ABOUT = {
    "confirm": """The evidence is right, after the person was heard.

    FLAG_ID stands in "hadir review". Today this settles the sign and nothing else: no pay hangs on it yet.""",
    "dismiss": """There is an explanation: the sign is put aside, and stays readable.

    FLAG_ID stands in "hadir review".""",
    "reverse": """Take a decision back, after an appeal or a mistake: the sign is open again.

    FLAG_ID stands in "hadir review --all". Both decisions stay readable, with their reasons.""",
}
for _verb, _about in ABOUT.items():
    review_command.add_command(_decider(_verb, _about))
