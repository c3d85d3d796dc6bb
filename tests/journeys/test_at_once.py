"""The node asks after the same inquiry twice at once: what is newer stays, and nothing is recorded twice."""

from adapters.node.asking import enrichments
from contract.codes import BROKER
from demo.play import Play
from party.wire import Response
from tests.attacks.insider import Insider
from tests.journeys.watching import POLICE, accepted, ask, ends, kinds, release, trail, wait_for, waiting
from tests.world import LocalWorld


def test_the_newer_report_stands_whichever_is_read_last(play: Play, world: LocalWorld) -> None:
    """One report says that a person has to look, the next that there is an answer; both were under way at
    the same time, and the second came twice.
    """
    world.wire.cut = lambda method, address, path: "before" if path.startswith("/v1/inquiries/") else None
    asked = ask(play, POLICE)
    requester, path = Insider(world, "veilig_thuis"), f"/v1/inquiries/{accepted(world)[0].jti}"

    def report() -> Response:
        return requester.get(BROKER, path, requester.caller(path).token)

    early = report()
    release(play, waiting(play)[0], "shareable")
    assert wait_for(play, lambda: len(accepted(world)[0].replies) == 2)
    late = report()
    asking = world.apps[world.address("veilig_thuis")].state.node.asking
    known = world.do(trail(world, "veilig_thuis").read(lambda store: enrichments.load(store, asked["id"])))
    for response in (late, early, late):
        world.do(asking._open(known, response, None))
        assert ends(play.chair.get(f"/v1/enrichments/{asked['id']}")) == {POLICE: "answered:shareable"}
    assert kinds(world, "veilig_thuis").count("permit") == 1
    assert kinds(world, "veilig_thuis").count("answer") == 1
