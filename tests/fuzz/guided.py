"""`python -m tests.fuzz.guided MINUTES [READER]`: bytes that reach new lines of the readers.

atheris changes files and keeps what makes the code go another way. It needs a process of its own
for each reader, which ends at the first finding and says where its file is kept.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

MEMORY_MB, SECONDS = 1500, 5
INSTRUMENTED = ["neuhmr.files", "neuhmr.formats.reading", "neuhmr.clip", "neuhmr.body.model_files"]
GUIDED = ("poses wham", "poses gvhmr", "poses phalp", "poses hybrik", "motion", "masks",
          "camera", "body model", "session", "data")  # fmt: skip


def guide(name: str, seconds: int) -> None:
    """Fuzz one reader in this process, which ends with it."""
    import atheris

    with atheris.instrument_imports(include=INSTRUMENTED):
        from tests.fuzz.readers import READERS

    from neuhmr.errors import NeuhmrError
    from tests.fuzz.limits import listening
    from tests.fuzz.run import keep

    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, write in enumerate(READERS[name].seeds):
        place = folder / str(number)
        place.mkdir()
        seed = write(place)
        (corpus / str(number)).write_bytes(seed.read_bytes())
    target = folder / f"input{seed.suffix}"

    def test_one_input(data: bytes) -> None:
        target.write_bytes(data)
        with listening() as heard:
            try:
                READERS[name].read(target)
            except NeuhmrError:
                pass
            except BaseException:
                # Not left to libFuzzer, whose alarm may end a process that is slow to leave.
                sys.stdout.write(f"{name}: {keep(target.name, data)}\n")
                sys.stdout.flush()
                raise
        assert not heard, f"code was run: {heard}"

    options = [f"-max_total_time={seconds}", f"-timeout={SECONDS}", f"-rss_limit_mb={MEMORY_MB}"]
    quiet = ["-print_final_stats=1", "-verbosity=0", "-len_control=0", "-max_len=65536"]
    atheris.Setup([sys.argv[0], *options, *quiet, str(corpus)], test_one_input)
    atheris.Fuzz()


def main(minutes: float, only: str) -> int:
    """Fuzz every reader for its share of the time; how many stopped at a finding."""
    names = [name for name in GUIDED if only in name]
    seconds = max(1, round(60.0 * minutes / len(names)))
    stopped = 0
    for name in names:
        words = [sys.executable, "-m", "tests.fuzz.guided", "--one", name, str(seconds)]
        code = subprocess.run(words, check=False).returncode
        sys.stdout.write(f"{name}: {'nothing found' if code == 0 else f'ended with {code}'}\n")
        sys.stdout.flush()
        stopped += code != 0
    return stopped


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        guide(sys.argv[2], int(sys.argv[3]))
    else:
        sys.exit(main(float(sys.argv[1]), " ".join(sys.argv[2:])))
