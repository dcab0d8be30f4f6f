"""What came of reading the settings again, in words."""

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Heading, Note, Reply, Text, Tone
from commands.wording.columns import fit
from store.services import Reloaded


def describe_reload(done: Reloaded, phrases: Phrases, *, is_private: bool) -> Reply:
    """What was taken and what waits; the mistakes themselves, which may name files, only where nobody else reads them."""
    data = {
        "taken": list(done.taken),
        "waiting": list(done.waiting),
        "problems": list(done.problems) if is_private else len(done.problems),
    }
    if done.problems:
        told = "\n".join(done.problems) if is_private else phrases.say("reload.in_log")
        heading = Heading(fit(phrases.say("reload.wrong", count=len(done.problems))))
        return Reply((heading, Note(phrases.say("reload.kept"), Tone.CAUTION), Text(told)), data=data)
    told = phrases.say("reload.taken" if done.taken else "reload.nothing", names=", ".join(done.taken))
    heading, names = Heading(fit(phrases.say("reload.heading"))), ", ".join(done.waiting)
    waits = (Note(phrases.say("reload.waiting", names=names), Tone.CAUTION),) if done.waiting else ()
    return Reply((heading, Text(told), *waits, Text(phrases.say("reload.others"))), data=data)


def describe_nothing_runs(phrases: Phrases) -> Reply:
    """The answer where no service runs in this process, as at a terminal."""
    return Reply((Note(phrases.say("reload.not_here"), Tone.CAUTION),), data={"taken": [], "waiting": []})
