"""From targets to people: roles, teams, schedules, and the sentence for everybody who is not reached."""

from __future__ import annotations

from dataclasses import replace

from tests.makers import (
    Document,
    a_layer,
    a_person,
    a_policy_set,
    a_rotation,
    a_schedule,
    a_shop,
    a_team,
    an_override,
    at,
    hours,
    some_days,
    targets,
    the_cast,
)
from watchbill.decide.oncall import Resolution, is_among, resolve

MONDAY = "2026-01-05T12:00:00Z"


def reached(*texts: str, to: tuple[Document, ...] = (), owner: str = "payments", when: str = MONDAY) -> Resolution:
    """What these targets reach in the shop, with the documents *to* added."""
    return resolve(a_shop(*to), targets(*texts), owner, at(when))


def names(resolution: Resolution) -> list[str]:
    """The handles of those reached, in order."""
    return [one.person.name for one in resolution.people]


def test_a_role_reaches_whom_the_owner_gives_it_to():
    """
    role/primary of the owner leads over its schedule to the person on call, and says by which layer.
    """
    (ana,) = reached("role/primary").people

    assert (ana.person.name, ana.duty, ana.why) == ("ana", "role/primary", "payments-primary, layer base")


def test_a_role_that_the_owner_lacks_is_looked_up_on_its_ancestors():
    """
    Payments has no incident commander, so engineering's is reached.
    """
    (eve,) = reached("role/incident-commander").people

    assert (eve.person.name, eve.why) == ("eve", "incident-commander of engineering")


def test_an_inherited_schedule_says_whose_it_is():
    """
    Where an ancestor's role is bound to a schedule, both are named.
    """
    people = reached("role/night", to=(a_team("engineering", roles={"night": "schedule/platform-primary"}),)).people

    assert [one.why for one in people] == ["night of engineering: platform-primary, layer base"]


def test_the_owners_own_role_wins_over_an_ancestors():
    """
    The nearest team that gives the role decides, even if it then reaches nobody.
    """
    assert names(reached("role/lead")) == ["cy"]
    away = reached("role/lead", to=(a_person("cy", leave=[some_days("2026-01-05")]),))
    assert names(away) == []
    assert away.skipped == ("cy is on leave until 5 January",)


def test_a_role_of_a_named_team_starts_there():
    """
    role/lead@engineering is engineering's, whoever owns the service.
    """
    assert names(reached("role/lead@engineering")) == ["eve"]
    assert names(reached("role/primary@platform", owner="payments")) == ["dan"]


def test_a_team_is_reached_by_its_primary():
    """
    To page team/platform is to page its role/primary, and the duty stays the target as written.
    """
    (dan,) = reached("team/platform").people

    assert (dan.person.name, dan.duty, dan.why) == ("dan", "team/platform", "platform-primary, layer base")


def test_schedules_and_people_are_reached_directly():
    """
    A schedule gives whoever is on call there, a person is reached by name.
    """
    found = reached("schedule/platform-primary", "person/bo")

    assert [(one.person.name, one.why) for one in found.people] == [("dan", "platform-primary, layer base"), ("bo", "by name")]


def test_everybody_is_reached_once_by_their_first_duty():
    """
    Ana is primary and named besides: she is reached once, as primary.
    """
    found = reached("role/primary", "person/ana", "schedule/payments-primary")

    assert [(one.person.name, one.duty) for one in found.people] == [("ana", "role/primary")]
    assert found.skipped == ()


def test_a_role_may_point_at_another_role():
    """
    A role bound to a role is followed, from the team that was asked first.
    """
    team = a_team("payments", parent="engineering", roles={"secondary": "role/lead", "lead": "role/lead@engineering"})

    (eve,) = reached("role/secondary", to=(team,)).people

    assert (eve.person.name, eve.duty, eve.why) == ("eve", "role/secondary", "lead of engineering")


def test_roles_in_a_circle_reach_nobody_and_say_so():
    """
    Roles that lead back to themselves end with a sentence instead of going round for ever.
    """
    team = a_team("payments", roles={"primary": "role/secondary", "secondary": "team/payments"})

    found = reached("role/primary", to=(team,))

    assert found == Resolution((), ("the role primary of payments leads back to itself",))


def test_whoever_is_on_leave_is_told_besides_who_stands_in():
    """
    Ana's turn goes to bo, and the resolution says until when ana is away.
    """
    found = reached("role/primary", to=(a_person("ana", leave=[some_days("2025-12-21", "2026-01-05"), some_days("2026-01-06")]),))

    assert [(one.person.name, one.why) for one in found.people] == [("bo", "payments-primary, layer base; ana is on leave")]
    assert found.skipped == ("ana is on leave until 6 January",)


def test_long_leave_names_the_year():
    """
    Leave that ends in most of a year or later is told with its year.
    """
    found = reached("person/cy", to=(a_person("cy", leave=[some_days("2026-01-01", "2027-01-05")]),))

    assert found.skipped == ("cy is on leave until 5 January 2027",)


def test_somebody_without_a_contact_is_not_reached():
    """
    A person with no way to be reached is passed over by name.
    """
    found = reached("role/lead", to=(a_person("cy", contacts=()),))

    assert found == Resolution((), ("cy has no contact",))


def test_an_override_is_the_reason_it_is():
    """
    A stand-in is reached with the override that made them one.
    """
    cover = an_override("bo", "2026-01-05T09:00Z", "2026-01-06T09:00Z", instead_of="ana", name="bo-for-ana-0105")

    assert reached("role/primary", to=(cover,)).people[0].why == "payments-primary, override bo-for-ana-0105 in place of ana"


# --- nobody on call -----------------------------------------------------------------------


def office(zone: str = "UTC", **more: str) -> Document:
    """A schedule that has hours on weekdays only."""
    layer = a_layer("ana", zone=zone, hours=hours("00:00", "24:00", "mon-fri"), rotation=a_rotation("2025-01-06 00:00"))
    return a_schedule("payments-primary", layer, zone=zone, **more)


def test_a_gap_is_told_from_when_to_when():
    """
    Nobody is on call at the weekend: the sentence has its beginning and its end in the schedule's zone.
    """
    found = reached("role/primary", to=(office("Europe/Lisbon"),), when="2026-07-11T12:00Z")

    assert found == Resolution((), ("nobody is on call on payments-primary from Sat 00:00 to Sun 24:00 (Europe/Lisbon)",))


def test_a_gap_that_is_meant_says_why():
    """
    Where gaps are allowed, their reason is told.
    """
    found = reached("role/primary", to=(office(gaps_allowed="no sales at weekends"),), when="2026-01-10T12:00Z")

    assert found.skipped == (
        "nobody is on call on payments-primary from Sat 00:00 to Sun 24:00 (UTC); that is meant: no sales at weekends",
    )


def test_a_gap_without_a_beginning_or_an_end_says_what_it_knows():
    """
    A watch that has not begun names when it will; one that ended names since when; one that is far away neither.
    """
    late = a_schedule("payments-primary", a_layer("ana", rotation=a_rotation("2026-01-07 09:30")))
    ended = a_schedule("payments-primary", a_layer("ana", rotation=a_rotation("2025-01-06 09:00"), until="2026-01-04 18:00"))
    far = a_schedule("payments-primary", a_layer("ana", rotation=a_rotation("2027-01-04 09:00")))

    assert reached("role/primary", to=(late,)).skipped == ("nobody is on call on payments-primary until Wed 7 January 09:30 (UTC)",)
    assert reached("role/primary", to=(ended,)).skipped == ("nobody is on call on payments-primary from Sun 4 January 18:00 (UTC)",)
    assert reached("role/primary", to=(far,)).skipped == ("nobody is on call on payments-primary",)


# --- what is not there ----------------------------------------------------------------------


def test_a_role_that_nobody_has_is_told_with_where_it_was_looked_for():
    """
    A role found on no team from the owner outwards reaches nobody, and says where it was looked for.
    """
    assert reached("role/customer-liaison").skipped == ("nobody has the role customer-liaison on payments or a team above it",)
    assert reached("role/customer-liaison@platform").skipped == ("nobody has the role customer-liaison on platform",)


def test_a_role_that_may_come_from_a_team_that_is_left_out():
    """
    Where a team above is quarantined, a role that nobody below has is not said to be nobody's: that team is named.
    """
    shop = a_shop()
    teams = {name: team for name, team in shop.teams.items() if name != "engineering"}
    without = replace(shop, teams=teams, quarantined=("Team/engineering",))
    found = resolve(without, targets("role/incident-commander"), "payments", at(MONDAY))

    assert (found.people, found.skipped) == ((), ("Team/engineering is quarantined",))


def test_names_that_are_not_there_are_told():
    """
    People, schedules and teams that the policy set does not hold reach nobody, and the rest is reached all the same.
    """
    found = reached("person/zoe", "schedule/nights", "team/sales", "role/lead@sales", "person/bo")

    assert names(found) == ["bo"]
    assert found.skipped == ("no person is called zoe", "no schedule is called nights", "no team is called sales")


def test_a_document_in_quarantine_is_told_from_one_that_never_was():
    """
    What did not compile is named as such, also where a rotation gives its watch to a person in quarantine.
    """
    cast = [one for one in the_cast() if one.ref.name != "ana"]
    bill = a_policy_set(*cast, quarantined=("Person/ana",))

    assert resolve(bill, targets("role/primary"), "payments", at(MONDAY)).skipped == ("Person/ana is quarantined",)


# --- who is meant ---------------------------------------------------------------------------


def test_a_team_means_all_of_its_members():
    """
    Where somebody is allowed something, team/payments is every member, not only whoever has the watch.
    """
    bill = a_shop()

    assert is_among(bill, targets("team/payments"), "payments", "cy", at(MONDAY))
    assert not is_among(bill, targets("team/payments"), "payments", "dan", at(MONDAY))
    assert not is_among(bill, targets("team/sales"), "payments", "cy", at(MONDAY))


def test_a_role_means_whoever_has_it_now():
    """
    A role or a schedule allows the person who has it at that time, and nobody else of the team.
    """
    bill = a_shop()

    assert is_among(bill, targets("team/platform", "role/primary"), "payments", "ana", at(MONDAY))
    assert not is_among(bill, targets("role/primary"), "payments", "bo", at(MONDAY))
    assert is_among(bill, targets("role/primary"), "payments", "bo", at("2026-01-12T12:00:00Z"))


def test_to_be_allowed_one_need_not_be_reachable():
    """
    Somebody on leave, or without a contact, may still say yes where their role may.
    """
    away = a_person("ana", leave=[some_days("2026-01-01", "2026-01-31")])
    silent = a_person("cy", contacts=())
    bill = a_shop(away, silent)

    assert is_among(bill, targets("person/ana"), "payments", "ana", at(MONDAY))
    assert is_among(bill, targets("role/lead"), "payments", "cy", at(MONDAY))
    assert not is_among(bill, targets("role/lead"), "payments", "ana", at(MONDAY))
