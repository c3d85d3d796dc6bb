"""The stories, played through the nodes' own interfaces, each with what must come of it."""

import json
from collections.abc import Callable, Sequence

from contract.words import COMPARED, FIELDS, label
from demo.caller import DemoCaller, Json, Refused
from demo.informed import informed, told_safely
from demo.members import OTHER_REGION
from demo.play import Play, PlayedStory, Story, decide_standing, ended, played
from demo.proven import export_verified, insider_caught
from policies import load_release
from policies.release import PARAMETERS, release_of
from policies.showing import lines_of


def stalking(play: Play, told: PlayedStory) -> None:
    """Four persons and more, four partners: automatic, by hand and refused together."""
    case = play.case(play.chair)
    police, om = "politie.relevant_registrations", "om.ongoing_prosecution"
    man = play.subject(
        "stalking.man",
        "suspected_perpetrator",
        ["reclassering.known", "reclassering.under_supervision", police, om],
        weighty=True,
    )
    woman = play.subject("stalking.woman", "victim", ["reclassering.known", om], weighty=True)
    children = [play.subject(f"stalking.child_{number}", "child", ["rvdk.known"]) for number in (1, 2, 3)]
    asked = play.ask(play.chair, case, [man, woman, *children])
    told.must_end(
        asked,
        {
            ("reclassering.known", "suspected_perpetrator"): "answered:yes",
            ("reclassering.under_supervision", "suspected_perpetrator"): "answered:yes",
            (police, "suspected_perpetrator"): "waits_for_person",
            (om, "suspected_perpetrator"): "waits_for_person",
            ("reclassering.known", "victim"): "refused:reclassering_not_about_victims",
            (om, "victim"): "refused:subject_role_not_allowed",
            ("rvdk.known", "child"): "answered:no",
        },
    )
    told.must(
        play.release("politie", asked["items"], police, ["shareable", "stalking"]) == 1,
        "de politie gaf niets vrij",
    )
    seen = play.chair.until(
        f"/v1/enrichments/{asked['id']}", lambda now: _end(now, police) != "waits_for_person"
    )
    told.must(_end(seen, police) == "answered:shareable+stalking", f"politie: {_end(seen, police)}")
    told.take(seen)
    told.notes.append("De politie gaf haar antwoord met de hand vrij; het OM heeft nog tot de genoemde tijd.")


def no_melding(play: Play, told: PlayedStory) -> None:
    """The prosecutor brings in a case without a melding: nothing about a person may be asked."""
    prosecutor = play.caller("om", "participant")
    case = play.case(prosecutor, melding="none", stage="referral")
    man = play.subject("stalking.man", "suspected_perpetrator", ["veilig_thuis.earlier_report"])
    asked = told.take(play.ask(prosecutor, case, [man]))
    told.must_end(
        asked, {("veilig_thuis.earlier_report", "suspected_perpetrator"): "refused:melding_missing"}
    )


def anonymous(play: Play, told: PlayedStory) -> None:
    """A case without identity: no field takes a name, no question is possible."""
    prosecutor = play.caller("om", "participant")
    case = play.case(prosecutor, kind="anonymous", melding="none", stage="referral")
    named = play.subject("stalking.man", "suspected_perpetrator", ["veilig_thuis.earlier_report"])
    try:
        play.ask(prosecutor, case, [named])
        told.wrong.append("een anonieme casus nam een naam aan")
    except Refused as refused:
        told.must(refused.code == "request_invalid", f"een naam gaf {refused.code}")
    nobody = {name: value for name, value in named.items() if name != "identity"} | {"ageBand": "adult"}
    asked = told.take(play.ask(prosecutor, case, [nobody]))
    told.must_end(
        asked,
        {("veilig_thuis.earlier_report", "suspected_perpetrator"): "refused:case_anonymous+melding_missing"},
    )


def uncertain_match(play: Play, told: PlayedStory) -> None:
    """Two people fit: not determinable and a desk; a person at the holder has to look."""
    case = play.case(play.chair)
    man = play.subject("uncertain_match.man", "suspected_perpetrator", ["reclassering.under_supervision"])
    man["identity"] = {**man["identity"], "givenNames": man["identity"]["givenNames"][:1]}
    asked = told.take(play.ask(play.chair, case, [man]))
    told.must_end(
        asked, {("reclassering.under_supervision", "suspected_perpetrator"): "answered:not_determinable"}
    )
    told.must(asked["items"][0]["answer"]["desk"] is not None, "er stond geen loket bij")
    waiting = [one for one in play.caller("reclassering", "official").get("/v1/questions") if one["doubtful"]]
    told.must(bool(waiting), "niemand bij de Reclassering hoeft te kijken")


def moved(play: Play, told: PlayedStory) -> None:
    """Who was put out of the house lives elsewhere: that is no "no". A person finds him."""
    case = play.case(play.chair)
    man = play.subject("moved.man", "suspected_perpetrator", ["reclassering.under_supervision"])
    year = man["identity"]["birthDate"][:4]
    man["identity"] |= {"birthDate": f"{year}-00-00", "postcode": "9991ZZ", "houseNumber": "3"}
    official = play.caller("reclassering", "official")
    before = {one["inquiry"] for one in official.get("/v1/questions")}
    asked = told.take(play.ask(play.chair, case, [man]))
    told.must_end(
        asked, {("reclassering.under_supervision", "suspected_perpetrator"): "answered:not_determinable"}
    )
    mine = [one for one in official.get("/v1/questions") if one["inquiry"] not in before]
    told.must(len(mine) == 1, "bij de Reclassering hoeft niemand te kijken")
    seen = official.post(f"/v1/questions/{mine[0]['inquiry']}/{mine[0]['index']}/views")
    [man_there, *_] = seen["candidates"]
    told.must(man_there["states"]["surname"] == "equal", "hij stond niet bovenaan")
    official.post(f"/v1/questions/{mine[0]['inquiry']}/{mine[0]['index']}/looks")
    states = (f"{FIELDS[name]} {label(COMPARED, state)}" for name, state in man_there["states"].items())
    told.notes.append("De medewerker ziet hem: " + ", ".join(states) + ". Zij belt Veilig Thuis.")


def shielded(play: Play, told: PlayedStory) -> None:
    """What is shielded is answered exactly as if it were not there."""
    answers = []
    for person, child in (("man", "child"), ("absent_man", "absent_child")):
        case = play.case(play.chair)
        asked = told.take(
            play.ask(
                play.chair,
                case,
                [
                    play.subject(f"shielded.{person}", "suspected_perpetrator", ["reclassering.known"]),
                    play.subject(f"shielded.{child}", "child", ["rvdk.known"]),
                ],
            )
        )
        told.must_end(
            asked,
            {
                ("reclassering.known", "suspected_perpetrator"): "answered:no",
                ("rvdk.known", "child"): "answered:no",
            },
        )
        answers.append([item["answer"] for item in asked["items"]])
    told.must(answers[0] == answers[1], "afgeschermd en afwezig kregen een ander antwoord")
    case = play.case(play.chair)
    late = told.take(
        play.ask(
            play.chair,
            case,
            [play.subject("shielded.deceased", "suspected_perpetrator", ["reclassering.known"])],
        )
    )
    told.must_end(late, {("reclassering.known", "suspected_perpetrator"): "answered:not_determinable"})


def children_and_adults(play: Play, told: PlayedStory) -> None:
    """Age and role decide what may be asked."""
    case = play.case(play.chair)
    asked = told.take(
        play.ask(
            play.chair,
            case,
            [
                play.subject("children_and_adults.mother", "parent", ["rvdk.known", "reclassering.known"]),
                play.subject("children_and_adults.girl", "child", ["rvdk.known", "reclassering.known"]),
                play.subject("children_and_adults.adopted", "child", ["rvdk.known"]),
                play.subject(
                    "children_and_adults.boy",
                    "suspected_perpetrator",
                    ["reclassering.known", "om.ongoing_prosecution"],
                    weighty=True,
                ),
            ],
        )
    )
    ends = {(item["question"], item["subjectRole"], ended(item)) for item in asked["items"]}
    told.must(
        ends
        == {
            ("rvdk.known", "parent", "answered:yes"),
            ("reclassering.known", "parent", "refused:subject_role_not_allowed"),
            ("rvdk.known", "child", "answered:yes"),
            ("rvdk.known", "child", "answered:no"),
            ("reclassering.known", "child", "refused:reclassering_not_about_minors+subject_role_not_allowed"),
            ("reclassering.known", "suspected_perpetrator", "refused:reclassering_not_about_minors"),
            ("om.ongoing_prosecution", "suspected_perpetrator", "waits_for_person"),
        },
        f"anders dan verwacht: {sorted(ends)}",
    )


def acute_danger(play: Play, told: PlayedStory) -> None:
    """Danger now: the duty officer asks, the fast desk answers; people call first."""
    duty = play.caller("veilig_thuis", "duty_officer")
    case = play.case(duty, stage="referral", unsafety="acute")
    man = play.subject(
        "acute_danger.man",
        "suspected_perpetrator",
        ["reclassering.under_supervision", "politie.staff_safety_alert"],
    )
    declared = {"user": "piketleider-1", "role": "duty_officer"}
    asked = told.take(
        play.ask(duty, case, [man], "immediate_safety", urgency="acute_danger", urgencyDeclaredBy=declared)
    )
    told.must_end(
        asked,
        {
            ("reclassering.under_supervision", "suspected_perpetrator"): "answered:yes",
            ("politie.staff_safety_alert", "suspected_perpetrator"): "waits_for_person",
        },
    )
    told.notes.append("Bij acuut gevaar belt u eerst; het systeem houdt niemand op.")


def partner_down(play: Play, told: PlayedStory) -> None:
    """A node is stopped; the question is kept, and answered when it is back."""
    play.world.stop("reclassering")
    case = play.case(play.chair)
    man = play.subject("partner_down.man", "suspected_perpetrator", ["reclassering.under_supervision"])
    asked = play.ask(play.chair, case, [man])
    told.must_end(asked, {("reclassering.under_supervision", "suspected_perpetrator"): "sent"})
    told.notes.append(
        "Reclassering was eerst niet bereikbaar; de centrale bleef het proberen. Het antwoord kwam alsnog."
    )
    play.world.start("reclassering")
    play.world.wait_ready("reclassering")
    seen = play.chair.until(
        f"/v1/enrichments/{asked['id']}", lambda now: now["items"][0]["status"] == "answered"
    )
    told.must_end(
        told.take(seen), {("reclassering.under_supervision", "suspected_perpetrator"): "answered:yes"}
    )


def asked_again(play: Play, told: PlayedStory) -> None:
    """The same question again is refused; with a new reason it is answered."""
    case = play.case(play.chair)
    man = play.subject("asked_again.man", "suspected_perpetrator", ["reclassering.known"])
    key = ("reclassering.known", "suspected_perpetrator")
    told.must_end(told.take(play.ask(play.chair, case, [man])), {key: "answered:yes"})
    told.must_end(told.take(play.ask(play.chair, case, [man])), {key: "refused:asked_before"})
    again = play.subject(
        "asked_again.man",
        "suspected_perpetrator",
        ["reclassering.known"],
        new_reason="Er is een nieuwe melding bijgekomen.",
    )
    told.must_end(told.take(play.ask(play.chair, case, [again])), {key: "answered:yes"})


def another_region(play: Play, told: PlayedStory) -> None:
    """Another region's Veilig Thuis asks ours (A15) and two organisations for probation; one of its partners
    does not take part yet.
    """
    chair = play.caller("veilig_thuis_flevoland", "chair")
    report, supervision, child = (
        "veilig_thuis.earlier_report",
        "reclassering.under_supervision",
        "rvdk.known",
    )
    case = play.case(chair, region=OTHER_REGION)
    man = play.subject("another_region.man", "suspected_perpetrator", [report, supervision])
    try:
        play.ask(chair, case, [man])
        told.wrong.append("een vraag aan de eigen soort ging zonder keuze weg")
    except Refused as refused:
        told.must(refused.code == "request_invalid", f"zonder keuze gaf {refused.code}")
    man["questions"][0]["holder"] = "veilig_thuis_flevoland"
    try:
        play.ask(chair, case, [man])
        told.wrong.append("Veilig Thuis vroeg zichzelf iets")
    except Refused as refused:
        told.must(refused.code == "party_is_own", f"zichzelf vragen gaf {refused.code}")
    man["questions"][0]["holder"] = "veilig_thuis"
    girl = play.subject("another_region.child", "child", [child])
    asked = play.ask(chair, case, [man, girl])
    ends = {(item["question"], item["holder"]): ended(item) for item in asked["items"]}
    expected = {
        (report, "veilig_thuis"): "waits_for_person",
        (supervision, "reclassering"): "answered:no",
        (supervision, "verslavingsreclassering"): "answered:yes",
        (child, None): "not_joined",
    }
    told.must(ends == expected, f"{ends} in plaats van {expected}")
    told.must(
        play.release("veilig_thuis", asked["items"], report, ["yes"]) == 1,
        "het andere Veilig Thuis gaf niets",
    )
    told.take(chair.until(f"/v1/enrichments/{asked['id']}", lambda now: _end(now, report) == "answered:yes"))
    told.notes.append("In Flevoland doet de Raad nog niet mee: de andere vragen zijn gesteld, die ene niet.")


def shown_by(officer: DemoCaller, place: str) -> Json:
    """What the own node of an officer shows of a version, once it has worked that out."""
    found: Json = officer.until(place, lambda now: bool(now["shown"] or now["unfit"]), within_s=240)
    return found


def nobody_alone(play: Play, told: PlayedStory) -> None:
    """The police bring a version by which a person hears only after months; all others see why not."""
    packaged = load_release()
    files = {path: content.decode() for path, content in packaged.files.items()}
    data = json.loads(files[PARAMETERS])
    files[PARAMETERS] = json.dumps({**data, "notice_days": 10 * data["notice_days"]})
    slower = release_of({path: content.encode() for path, content in files.items()}).revision
    claimed: Json = {"revision": slower, "digest": "", "invariants": [{"name": "alles", "holds": True}]}
    claimed |= {"engines": [], "rego": None, "mutants": None}
    police = play.caller("politie", "privacy_officer")
    body = {"files": files, "certificate": json.dumps(claimed), "name": "later vertellen"}
    police.post("/v1/releases", {**body, "changelog": "Een betrokkene hoort het binnen veertig weken."})
    found: Json = {}
    place = f"/v1/releases/{slower.removeprefix('sha256:')}"
    for partner in ("politie", "veilig_thuis", "om"):
        row = play.caller(partner, "privacy_officer").until(
            "/v1/releases",
            lambda now: any(one["release"] == slower and one["unfit"] for one in now["releases"]),
            within_s=240,
        )
        found = next((one for one in row["releases"] if one["release"] == slower), {})
        told.must(found.get("state") == "unfit", f"{partner} ziet: {found.get('state')}")
    told.notes.append(f"De politie stelt voor: {found.get('changelog')} Iedereen ziet: {found.get('unfit')}")
    try:
        play.caller("om", "privacy_officer").post(f"{place}/steps", {"step": "approve", "shown": "0" * 64})
        told.must(False, "het OM keurde goed wat niet kan")
    except Refused as refused:
        told.must(refused.code == "release_unfit", f"akkoord werd geweigerd als {refused.code}")
        told.notes.append("Akkoord geven kan niet: dit is geen bruikbare versie van de hand-out.")


def new_release(play: Play, told: PlayedStory) -> None:
    """RvdK proposes a row, the effect is shown, those it touches sign, it comes into force while a question
    is under way, and is rolled back.
    """
    proposal, known = play.world.proposal(), "rvdk.known"
    version = proposal.release.revision
    place = f"/v1/releases/{version.removeprefix('sha256:')}"
    proposer, rvdk, vt = (
        play.caller(partner, "privacy_officer", number)
        for partner, number in (("rvdk", 1), ("rvdk", 2), ("veilig_thuis", 1))
    )

    def state(wanted: str) -> Json:
        """Waits until the version is there as far as RvdK knows."""
        found = rvdk.until(
            "/v1/releases",
            lambda now: any(one["release"] == version and one["state"] == wanted for one in now["releases"]),
            within_s=240,
        )
        return next((one for one in found["releases"] if one["release"] == version), {"state": "unknown"})

    def ask(expected: str) -> Json:
        girl = play.subject("children_and_adults.girl", "child", [known])
        asked = play.ask(play.chair, play.case(play.chair, stage="meeting"), [girl], "interpret")
        told.must_end(told.take(asked), {(known, "child"): expected})
        return asked

    ask("refused:purpose_not_allowed")
    proposer.post("/v1/releases", proposal.body())
    shown = state("examined")
    told.must(shown["needed"] == ["rvdk", "veilig_thuis"], f"moet tekenen: {shown.get('needed')}")
    read = shown_by(vt, place)
    told.must(read["verdict"] == "wider", f"oordeel: {read.get('verdict')}")
    told.notes += [
        f"De Raad stelt voor, als '{shown['name']}': {shown['changelog']}",
        *filter(None, lines_of(read)),
    ]
    try:
        proposer.post(f"{place}/steps", {"step": "approve", "shown": shown_by(proposer, place)["shown"]})
        told.must(False, "de indiener keurde het eigen voorstel goed")
    except Refused as refused:
        told.must(refused.code == "own_proposal", f"eigen voorstel: {refused.code}")
    rvdk.post(f"{place}/steps", {"step": "approve", "shown": shown_by(rvdk, place)["shown"]})
    try:
        rvdk.post(f"{place}/steps", {"step": "activate"})
        told.must(False, "twee mensen van de Raad lieten samen iets gelden")
    except Refused as refused:
        told.must(refused.code == "not_agreed", f"alleen de Raad: {refused.code}")
    vt.post(f"{place}/steps", {"step": "approve", "shown": read["shown"]})
    ask("refused:purpose_not_allowed")
    kind = "rvdk.investigation_type"
    girl = play.subject("children_and_adults.girl", "child", [kind])
    waits = play.ask(play.chair, play.case(play.chair, stage="meeting"), [girl], "interpret")
    told.must_end(waits, {(kind, "child"): "waits_for_person"})
    rvdk.post(f"{place}/steps", {"step": "activate"})
    ask("answered:yes")
    play.release("rvdk", waits["items"], kind, ["protection"])
    late = play.chair.until(
        f"/v1/enrichments/{waits['id']}", lambda now: now["items"][0]["status"] == "answered"
    )
    told.must_end(told.take(late), {(kind, "child"): "answered:protection"})
    vt.post("/v1/release-rollbacks", {})
    ask("refused:purpose_not_allowed")
    told.notes.append(
        "Getekend door Veilig Thuis en de Raad, in werking, en teruggezet. "
        "Een vraag die onderweg was, kreeg gewoon antwoord."
    )


STORIES: tuple[Story, ...] = (
    stalking,
    no_melding,
    anonymous,
    uncertain_match,
    moved,
    shielded,
    children_and_adults,
    acute_danger,
    partner_down,
    asked_again,
    another_region,
    nobody_alone,
    new_release,
    told_safely,
    informed,
    export_verified,
    insider_caught,
)


def play_all(
    play: Play, say: Callable[[PlayedStory], None] = lambda _: None, stories: Sequence[Story] = STORIES
) -> list[PlayedStory]:
    """Plays the stories, one after the other, and says how each went."""
    decide_standing(play)
    told = []
    for story in stories:
        told.append(played(story, play))
        say(told[-1])
    return told


def _end(enrichment: Json, question: str) -> str:
    return next(ended(item) for item in enrichment["items"] if item["question"] == question)
