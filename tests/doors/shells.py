"""An interactive shell in a terminal, which completes the command line as it does for people."""

import os
import pty
import shutil

from tests.doors.programs import ROOT, run_here

# Where `make test-all` puts shells that are not installed.
OWN = ROOT / ".shells"
# How each is started without the files of whoever runs the tests, and loads the completions.
LOAD = 'eval "$(cat .completion)"\n'
START = {
    "bash": (["--norc", "--noprofile", "-i"], LOAD),
    "zsh": (["-f", "-i"], f"autoload -U compinit; compinit -u\n{LOAD}"),
    "tcsh": (["-f", "-i"], "source .completion\n"),
}
# Stands for the program: it keeps the words that the shell has made.
STAND_IN = """\
#!/bin/sh
printf '%s\\n' "$@" > .words
"""


def program(shell):
    """Return the path of a shell; FileNotFoundError, with what to do, where there is none."""
    found = shutil.which(shell) or shutil.which(f"{shell}-static", path=OWN / "bin")
    found = found or shutil.which(shell, path=os.pathsep.join((f"{OWN}/bin", f"{OWN}/usr/bin")))
    if found is None:
        raise FileNotFoundError(f"{shell} is not installed: `make test-all` brings it")
    return found


def completion(shell, folder):
    """Return what the program prints for a shell."""
    printed = run_here("peft_lint", "--print-completion", shell, folder=folder)
    assert (printed.returncode, printed.stderr) == (0, "")
    return printed.stdout


def typed(shell, keys, folder):
    """Type a command line with its tabs and a return; return the words that arrive."""
    (folder / ".bin").mkdir()
    (folder / ".bin" / "peft-lint").write_text(STAND_IN)
    (folder / ".bin" / "peft-lint").chmod(0o755)
    (folder / ".completion").write_text(completion(shell, folder))
    options, start = START[shell]
    functions = OWN / "usr" / "share" / "zsh" / "functions"
    environment = {"PATH": f"{folder}/.bin:{os.environ['PATH']}", "HOME": str(folder)}
    environment |= {"TERM": "vt100", "LC_ALL": "C"}
    if shell == "zsh" and functions.exists():
        environment["FPATH"] = os.pathsep.join(map(str, [functions, *functions.rglob("*/")]))
    command = program(shell)
    # Its own session, with the terminal for its keyboard: tcsh does not edit lines without.
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execve(command, [shell, *options], environment)
    os.write(terminal, start.encode())
    # A shell that is still starting would take the tabs for text.
    os.write(terminal, b"echo read''y\n")
    _read(terminal, b"ready")
    os.write(terminal, f"peft-lint {keys}\nexit\n".encode())
    _read(terminal)
    os.waitpid(child, 0)
    os.close(terminal)
    return (folder / ".words").read_text().splitlines()


def _read(terminal, word=None):
    """Read what the shell shows until `word` has arrived, or to the end."""
    received = b""
    while word is None or word not in received:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        received += part
    return received
