#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Mutation testing: change one place of the library, and see whether the tests
fail: the unit tests, or those of the BSD layer, on a host of modules and on one
of components.

    tools/mutants.py [FILE...]          every mutant of these, or of the core
    tools/mutants.py --bsd [FILE...]    the same of src/bsd
    tools/mutants.py --seconds 60       a sample, as many as 60 s allow
    --seed N      the sample's seed; by default a new one, printed
    --jobs N      mutants at a time; by default one for each core, of src/bsd
                  more, as its tests wait
    --floor P     fail if P % are killed no more: a sample, only if it shows that
                  beyond chance
    --equivalent  run those of the list as well: each must survive
    --list        print the mutants only

The mutants are universalmutator's, made with tools/mutants.rules. A mutant that
compiles to the same object as the original, or as another mutant, is left out:
of the core before its tests, of src/bsd if it survives them.
tests/mutants_equivalent.txt lists those that no test can kill, and why.

The core's mutants are built one by one. Those of src/bsd are in one program for
each test, and chosen when it starts (mutants_schema.py); the host has compiled
the program once. Mutants outside of functions' bodies are left out, and counted.
"""
import argparse
import collections
import concurrent.futures
import contextlib
import dataclasses
import functools
import hashlib
import io
import json
import math
import os
import pathlib
import random
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

root = pathlib.Path(__file__).resolve().parents[1]
for folder in (root / ".hosts/python/lib").glob("python3*/site-packages"):
    sys.path.append(str(folder))
import mutants_schema as schema  # noqa: E402
from universalmutator import mutator  # noqa: E402  (tools/setup.sh installs it)

BUILD = root / "build/mutants"
LIST = root / "tests/mutants_equivalent.txt"
EQUIVALENT_MAX_PERCENT = 5.0
# How often a sample that is good enough may fail by bad luck.
CHANCE = 1 / 1000
MEMORY_BYTES = 4 << 30
# By the build's preset: the host, and its tests. A mutant that survives the first
# preset's is run on the next. The same layer runs as a component: only what has
# the network is tested there.
BSD_TESTS = {
    "wasm": ("wasmtime", ".*_wasmtime|polls"),
    "wasip2": ("wasmtime-49",
               "(facts|facts_on_the_network|network|fetch)_wasmtime-49"),
}
# Tests that take long and judge a few wings only.
WINGS = {"exits": ["system"], "jumps": ["system", "threads"],
         "threads_ends": ["system", "threads"], "binds": ["sockets"],
         "polls": ["sockets", "waiting"]}


# ---- Mutants ----

@dataclasses.dataclass(frozen=True)
class Mutant:
    path: str      # of the source, from the root
    line: int      # first line of the statement
    end: int       # line behind it
    function: str  # around it
    old: str       # the statement on one line
    new: str

    def key(self):
        return self.path, self.function, self.old.strip(), self.new.strip()

    def __str__(self):
        return (f"{self.path}:{self.line}: {self.function}\n"
                f"- {self.old.strip()}\n+ {self.new.strip()}")


def without_comments(text):
    return re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m[0]), text,
                  flags=re.S)


def is_whole(statement):
    """Whether a line can end here."""
    if statement.lstrip().startswith("#"):
        return not statement.endswith("\\")
    return (statement.count("(") == statement.count(")") and
            statement.endswith((";", "{", "}", "},", ":")))


def statements(text):
    """Its statements, each on one line: (first line, line behind, text)."""
    found, start, parts = [], 0, []
    for number, line in enumerate(without_comments(text).splitlines(), 1):
        line = line.rstrip()
        if not line and not parts:
            continue
        if not parts:
            start = number
        parts.append(line.strip() if parts else line)
        joined = " ".join(p.removesuffix("\\").rstrip() for p in parts[:-1])
        joined = f"{joined} {parts[-1]}" if joined else parts[-1]
        joined = re.sub(r"([(\[]) ", r"\1", joined)
        if is_whole(joined):
            found.append((start, number + 1, joined))
            parts = []
    return found


def mutants_of(path):
    """All mutants of a file, by line."""
    found = statements((root / path).read_text())
    functions, function = [], "file"
    for _, _, text in found:
        name = re.match(r"\w[^=;#]*?(\w+)\(.*(?<![;{}])$|\w[^=;]*?(\w+)\(.*{$",
                        text)
        if text.startswith("__attribute__((weak))"):
            function = None  # another file overrides it, in every test
        elif name and not text.startswith((" ", "#", "typedef")):
            function = name[1] or name[2]
        functions.append(function)
    with contextlib.redirect_stdout(io.StringIO()):
        made = mutator.mutants_regexp(
            [text + "\n" for _, _, text in found],
            [str(root / "tools/mutants.rules")], ignorePatterns=[],
            ignoreStringOnly=True)
    return sorted((Mutant(path, *found[n - 1][:2], functions[n - 1],
                          found[n - 1][2], new.rstrip("\n"))
                   for n, new, *_ in made if functions[n - 1]),
                  key=lambda m: (m.line, m.new))


@functools.cache
def lines_of(path):
    return (root / path).read_text().splitlines()


def mutated(mutant):
    """The text of the file with this change; lines keep their numbers."""
    return "\n".join(schema.change(lines_of(mutant.path), mutant)) + "\n"


def core_files():
    folders = "src", "src/fakenet", "src/server", "src/poller"
    files = [p for folder in folders for p in (root / folder).glob("*.c")]
    files += (root / "src/host/posix").glob("*.c")
    files += (p for p in (root / "include/wasock").glob("*.h")
              if "static inline" in p.read_text())
    return sorted(str(p.relative_to(root)) for p in files)


def bsd_files():
    return sorted(str(p.relative_to(root))
                  for p in (root / "src/bsd").rglob("*.c"))


def read_list():
    """The equivalent ones and why: {mutant's key: reason}."""
    reasons, place, old, new = {}, (), "", ""
    for line in LIST.read_text().splitlines():
        kind, text = line[:2], line[2:].strip()
        if kind == "- ":
            old = text
        elif kind == "+ ":
            new = text
        elif kind == "= ":
            reasons[(*place, old, new)] = text
        elif line.startswith(("src/", "include/")):
            place = tuple(line.split())
    return reasons


# ---- Builds ----

def run(command, **options):
    return subprocess.run(command, capture_output=True, text=True, **options)


def must(command, **options):
    result = run(command, **options)
    if result.returncode != 0:
        sys.exit(f"{shlex.join(command)}\n{result.stdout}{result.stderr}")
    return result.stdout


def newest_clang():
    return must(["bash", "-c", ". tools/lib.sh; newest clang"],
                cwd=root).strip()


def digest(paths):
    return hashlib.sha256(b"".join(p.read_bytes() for p in paths)).digest()


class Seen:
    """What the originals and their mutants compile to."""

    def __init__(self, compile_to_digest):
        self.compile = compile_to_digest  # (path, source, folder)
        self.digests = collections.defaultdict(set)  # by source

    def judge(self, mutant, folder):
        """Compile the mutant in its folder. Returns "invalid", "same" or None."""
        digests = self.digests[mutant.path]
        if not digests:
            with tempfile.TemporaryDirectory() as scratch:
                digests.add(self.compile(mutant.path, root / mutant.path,
                                         pathlib.Path(scratch)))
        source = folder / pathlib.Path(mutant.path).name
        source.write_text(mutated(mutant))
        made = self.compile(mutant.path, source, folder)
        if made is None:
            return "invalid"
        if made in digests:
            return "same"
        digests.add(made)
        return None


class Core:
    """The core as a shared object, each unit test a program that loads it."""

    # CPU's seconds; a test that takes more is run for its own sources only.
    slow_s = 0.4
    spare_s = 1
    jobs_by_core = 1
    limits = ((resource.RLIMIT_AS, MEMORY_BYTES),)

    def __init__(self):
        self.clang = newest_clang()
        must(["cmake", "-S", str(root), "-B", str(BUILD / "cmake"), "-G",
              "Ninja", f"-DCMAKE_C_COMPILER={self.clang}",
              "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_C_FLAGS_RELEASE=-O1",
              "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"])
        commands = json.loads(
            (BUILD / "cmake/compile_commands.json").read_text())
        self.commands = {}
        for entry in commands:
            path = str(pathlib.Path(entry["file"]).relative_to(root))
            self.commands.setdefault(path, self.plain(entry["command"]))
        self.sources = [p for p in core_files() if p in self.commands]
        # A header's mutants are compiled into its own test.
        self.test_of = {p: f"tests/unit/test_{pathlib.Path(p).stem}.c"
                        for p in core_files() if p.endswith(".h")}
        self.files = [*self.sources, *self.test_of]
        self.host = [p for p in self.sources if p.startswith("src/host/")]
        # Those of simhost test no library, and those that wrap functions need
        # one that is linked statically.
        self.tests = sorted(
            p for p in self.commands
            if re.match(r"tests/unit/test_(?!simhost)\w+\.c$", p) and
            "__wrap_" not in (root / p).read_text())
        self.simhost = [p for p in self.commands
                        if p.startswith("tests/simhost/")]
        self.simhost.append("src/host/preview1/help.c")
        self.folder = BUILD / "whole"
        self.build_whole()
        self.seen = Seen(self.mutate)

    @staticmethod
    def plain(command):
        """A compile command without its output, warnings and visibility."""
        words = shlex.split(command)
        kept, skip = [], False
        for word in words:
            if skip or word in ("-o", "-c"):
                skip = word == "-o" and not skip
            elif not word.startswith(("-W", "-fvisibility")) and \
                    not word.endswith(".c"):
                kept.append(word)
        return kept + ["-w", "-fPIC"]

    def compile(self, path, source, output, level, headers=None):
        """Compile a file, or its mutant, with the headers of a folder before
        the others. Returns whether it compiles."""
        compiler, *words = self.commands[path]
        command = [compiler] + ([f"-I{headers}"] if headers else []) + words + [
            level, f"-iquote{(root / path).parent}", "-c", str(source), "-o",
            str(output)]
        return run(command).returncode == 0

    def object(self, path):
        return self.folder / (path.replace("/", "+") + ".o")

    def link(self, folder, objects, real):
        """Link the library, with these objects instead of the originals, for
        tests on the real host or for those on simhost."""
        paths = [p for p in self.sources if real or p not in self.host]
        must([self.clang, "-shared", "-fuse-ld=lld", "-nostartfiles", "-o",
              str(folder / self.library(real))] +
             [str(objects.get(p, self.object(p))) for p in paths])

    @staticmethod
    def library(real):
        return "libwasock.so" if real else "libcore.so"

    def program(self, test):
        return self.folder / pathlib.Path(test).stem

    def on_real_host(self, test):
        return "posix" in test or test.endswith("test_env.c")

    def link_test(self, test, folder=None):
        """Link a test, or that of a folder, with a mutant of a header."""
        real = self.on_real_host(test)
        objects = [self.object(p) for p in ([] if real else self.simhost)]
        objects.append(folder / "mutant.o" if folder else self.object(test))
        must([self.clang, "-fuse-ld=lld", "-rdynamic", "-o",
              str((folder or self.folder) / self.program(test).name)] +
             [str(o) for o in objects] +
             ["-Wl,--allow-shlib-undefined", f"-L{self.folder}",
              "-lwasock" if real else "-lcore", "-lcmocka",
              "-lm"])

    def prepare(self, mutants, seconds):
        return mutants

    def begin(self, mutant, number, folder):
        """Returns the verdict that needs no test, or None."""
        return self.seen.judge(mutant, folder)

    def end(self, mutant, folder):
        """What has survived every test."""
        return "survived"

    def mutate(self, path, source, folder):
        """Compile a mutant. Returns its digest; None: it does not compile."""
        output = folder / "mutant.o"
        headers = None
        if path in self.test_of:
            headers = folder
            (folder / "wasock").mkdir()
            shutil.copy(source, folder / "wasock")
            path = self.test_of[path]
            source = root / path
        if not self.compile(path, source, output, "-O2", headers):
            return None
        return digest([output])

    def link_mutant(self, test, path, folder):
        real = self.on_real_host(test)
        if path in self.test_of:
            self.link_test(test, folder)
        elif not (folder / self.library(real)).exists():
            self.link(folder, {path: folder / "mutant.o"}, real)

    def judges(self, test, path):
        return self.test_of.get(path, test) == test

    def rank(self, test, path):
        return self.on_real_host(test) != path.startswith("src/host/")

    def command(self, test, path, number, folder):
        """What runs a test of the file's mutant in its folder; 0: of none."""
        program, library = self.program(test), self.folder
        if number:
            self.link_mutant(test, path, folder)
            if path in self.test_of:
                program = folder / program.name
            else:
                library = folder
        return [str(program)], {"LD_LIBRARY_PATH": str(library),
                                "CMOCKA_TEST_ABORT": "1"}

    def newest(self):
        """When the latest of the objects was compiled."""
        return max(p.stat().st_mtime for p in self.folder.glob("*.o"))

    def build_whole(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        paths = sorted({*self.sources, *self.tests, *self.simhost})

        headers = [p.stat().st_mtime for folder in ("include", "src", "tests")
                   for p in (root / folder).rglob("*.h")]

        def build(path):
            output = self.object(path)
            changed = max((root / path).stat().st_mtime, *headers)
            if output.exists() and output.stat().st_mtime > changed:
                return
            level = "-O2" if path in self.sources else "-O1"
            if not self.compile(path, root / path, output, level):
                sys.exit(f"{path} does not compile")

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(build, paths))
            self.link(self.folder, {}, True)
            self.link(self.folder, {}, False)
            list(pool.map(self.link_test, self.tests))


class Bsd:
    """The BSD layer in the sandbox, tested by tests/bsd: as a module on one
    host, and what survives that as a component on another, which has a network.
    """

    slow_s = float("inf")
    spare_s = 2
    jobs_by_core = 4  # most of a test's time is spent waiting
    most_by_second = 6
    # A host reserves address space for 4 GiB and more.
    limits = ((resource.RLIMIT_DATA, MEMORY_BYTES),)

    def __init__(self):
        self.sandboxes = [Sandbox(preset, *tests)
                          for preset, tests in BSD_TESTS.items()]
        self.sandbox_of = {t: s for s in self.sandboxes for t in s.scripts}
        self.tests = sorted(self.sandbox_of)
        self.files = self.sandboxes[0].files
        self.invalid = set()  # numbers
        self.seen = Seen(self.mutate)
        self.hosts = wrap_hosts(host for host, _ in BSD_TESTS.values())

    def prepare(self, mutants, seconds):
        """Build the programs with as many mutants as the seconds allow."""
        if seconds:
            mutants = dict(list(mutants.items())[
                :int(seconds * self.most_by_second)])
        inside = {n: m for n, m in mutants.items()
                  if schema.is_in_function(lines_of(m.path), m)}
        print(f"{len(mutants) - len(inside)} of {len(mutants)} mutants are "
              f"outside of functions")
        for sandbox in self.sandboxes:
            self.invalid |= sandbox.build(inside, self.invalid)
        return inside

    def begin(self, mutant, number, folder):
        return "invalid" if number in self.invalid else None

    def end(self, mutant, folder):
        return self.seen.judge(mutant, folder) or "survived"

    def mutate(self, path, source, folder):
        made = [s.compile_alone(path, source, folder) for s in self.sandboxes]
        return None if None in made else b"".join(made)

    def judges(self, test, path):
        sandbox = self.sandbox_of[test]
        name = test.removeprefix("bsd_").removesuffix(sandbox.suffix)
        wing = pathlib.Path(path).parent.name
        return sandbox.links[test][0] in sandbox.commands[path] and \
            wing in WINGS.get(name, [wing])

    def rank(self, test, path):
        """Tests of threads come last for other files, and those of the second
        sandbox behind those of the first."""
        sandbox = self.sandbox_of[test]
        is_threads = "threads" in sandbox.links[test][0]
        return (self.sandboxes.index(sandbox),
                is_threads != ("/threads/" in path))

    def command(self, test, path, number, folder):
        """The program has a root directory of its own, as a mutant may remove
        other files than it should."""
        (folder / "root/tmp").mkdir(parents=True, exist_ok=True)
        return self.sandbox_of[test].command(test), {
            "FACTS_ROOT": str(folder / "root"),
            "WASOCK_HOSTS_BIN": str(self.hosts),
            schema.ENVIRONMENT: str(number)}

    def newest(self):
        return time.time()  # each run has programs of its own


# The host's command, but with the number of the mutant and with the program
# that the host has compiled.
WRAPPER = """#!/bin/sh
[ "$1" = run ] || exec {host} "$@"
shift
for word; do
    shift
    [ ! -e "$word.compiled" ] || word=$word.compiled
    set -- "$@" "$word"
done
exec {host} run --allow-precompiled --env {name}="${name}" "$@"
"""


def host_path(host):
    folder = os.environ.get("WASOCK_HOSTS_BIN", root / ".hosts/bin")
    return pathlib.Path(folder).resolve() / host


def wrap_hosts(hosts):
    """The folder of the hosts' wrappers."""
    folder = BUILD / "hosts"
    folder.mkdir(parents=True, exist_ok=True)
    for host in hosts:
        (folder / host).write_text(WRAPPER.format(
            host=shlex.quote(str(host_path(host))), name=schema.ENVIRONMENT))
        (folder / host).chmod(0o755)
    return folder


class Sandbox:
    """The build of one preset, and its tests on one host."""

    def __init__(self, preset, host, tests):
        self.host = host_path(host)
        self.suffix = f"_{host}"
        self.folder = root / "build" / preset
        self.made = BUILD / "schema" / preset
        self.made.mkdir(parents=True, exist_ok=True)
        must(["cmake", "--preset", preset], cwd=root)
        shown = json.loads(must(
            ["ctest", "--show-only=json-v1", "-R", f"^bsd_({tests})$"],
            cwd=self.folder))
        # Others compile their programs themselves.
        self.scripts = {t["name"]: t["command"] for t in shown["tests"]
                        if self.programs_in(t["command"])}
        must(["cmake", "--build", str(self.folder), "-j", str(os.cpu_count()),
              "--target", *{self.program(t) for t in self.scripts}])
        self.links = {t: self.link_of(t) for t in self.scripts}
        self.commands = collections.defaultdict(dict)  # by archive
        for entry in json.loads(
                (self.folder / "compile_commands.json").read_text()):
            path = str(pathlib.Path(entry["file"]).relative_to(root))
            library = re.search(r" -o \S*(wasock_bsd(_threads)?)\.dir",
                                entry["command"])
            if path.startswith("src/bsd/") and library:
                command = entry["command"].split(" -o ")[0]
                self.commands[path][library[1]] = [
                    *shlex.split(command), "-w",
                    f"-iquote{(root / path).parent}"]
        self.files = sorted(self.commands)

    @staticmethod
    def programs_in(command):
        return [word for word in command if word.endswith(".wasm")]

    def program_of(self, test):
        return self.programs_in(self.scripts[test])[0]

    def program(self, test):
        """A test's program, from the build's folder."""
        return str(pathlib.Path(self.program_of(test)).relative_to(
            self.folder))

    def output(self, test):
        """A test's program with all mutants."""
        return self.made / pathlib.Path(self.program(test)).name

    def command(self, test):
        words = list(self.scripts[test])
        words[words.index(self.program_of(test))] = str(self.output(test))
        return words

    def link_of(self, test):
        """Its archive, and the command that links it."""
        command = must(["ninja", "-t", "commands", self.program(test)],
                       cwd=self.folder).splitlines()[-1]
        library = re.search(r" src/bsd/lib(\w+)\.a", command)
        # Threads need a pass over the whole program, but no optimisation.
        return library[1], command.removeprefix(": && ").removesuffix(
            " && :").replace(" -O2 -- ", " -- ")

    def compile(self, path, library, source, output):
        return run([*self.commands[path][library], "-ferror-limit=0", "-c",
                    str(source), "-o", str(output)], cwd=self.folder)

    def compile_alone(self, path, source, folder):
        """Compile a mutant. Returns its digest; None: it does not compile."""
        outputs = []
        for library in self.commands[path]:
            outputs.append(folder / f"{self.folder.name}-{library}.o")
            if self.compile(path, library, source, outputs[-1]).returncode != 0:
                return None
        return digest(outputs)

    def compile_all(self, path, library, mutants):
        """Compile a file with all its mutants. Returns its object, and the
        numbers of the mutants that do not compile."""
        folder = self.made / library
        folder.mkdir(exist_ok=True)
        source = folder / path.replace("/", "+")
        output = source.with_suffix(".o")
        invalid = set()
        while True:
            made = schema.make(lines_of(path), {
                n: m for n, m in mutants.items() if n not in invalid})
            source.write_text(made.text())
            result = self.compile(path, library, source, output)
            if result.returncode == 0:
                return output, invalid
            lines = re.findall(rf"{re.escape(str(source))}:(\d+):\d+: error",
                               result.stderr)
            wrong = {made.owners[int(line) - 1] for line in lines} - {None}
            if not wrong:
                sys.exit(f"{path} does not compile\n{result.stderr}")
            invalid |= wrong

    def archive(self, library, objects):
        """Those of the library that have mutants; linked in front of it."""
        source = self.made / library / "chooser.c"
        source.write_text(schema.CHOOSER)
        path = self.files[0]
        chooser = source.with_suffix(".o")
        if self.compile(path, library, source, chooser).returncode != 0:
            sys.exit(f"{source} does not compile")
        output = self.made / library / "mutants.a"
        output.unlink(missing_ok=True)
        must([newest_clang().replace("clang", "llvm-ar"), "rcs", str(output),
              str(chooser), *map(str, objects)])
        return output

    def link(self, test, archive):
        library, command = self.links[test]
        output = self.output(test)
        command = command.replace(f" src/bsd/lib{library}.a",
                                  f" {archive} src/bsd/lib{library}.a", 1)
        command = command.replace(f"-o {self.program(test)}", f"-o {output}", 1)
        must(["bash", "-c", command], cwd=self.folder)
        must([str(self.host), "compile", str(output), "-o",
              f"{output}.compiled"])

    def build(self, mutants, invalid):
        """Build all tests' programs with the mutants. Returns the numbers of
        the mutants that do not compile."""
        by_path = collections.defaultdict(dict)
        for number, mutant in mutants.items():
            if number not in invalid:
                by_path[mutant.path][number] = mutant
        jobs = [(path, library) for path in by_path
                for library in self.commands[path]]
        objects, found = collections.defaultdict(list), set()
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for (_, library), (made, wrong) in zip(jobs, pool.map(
                    lambda job: self.compile_all(*job, by_path[job[0]]),
                    jobs)):
                objects[library].append(made)
                found |= wrong
            archives = {library: self.archive(library, objects[library])
                        for library in {self.links[t][0] for t in self.links}}
            # Several tests may have one program.
            tests = {self.output(t): t for t in self.scripts}.values()
            list(pool.map(lambda t: self.link(t, archives[self.links[t][0]]),
                          tests))
        return found


# ---- The run ----

class Runner:
    def __init__(self, build, jobs):
        self.build = build
        self.kills = collections.Counter()  # by (source, test)
        # By test: of the CPU, and by the wall.
        self.seconds = self.measured(jobs)

    def measured(self, jobs):
        """What each test takes. An earlier run may have measured it: of the
        same objects, as a test that fails would kill every mutant."""
        BUILD.mkdir(parents=True, exist_ok=True)
        path = BUILD / f"seconds-{type(self.build).__name__.lower()}.json"
        known = {}
        if path.exists() and path.stat().st_mtime > self.build.newest():
            known = json.loads(path.read_text())
        missing = [t for t in self.build.tests if t not in known]

        def measure(test):
            with tempfile.TemporaryDirectory() as folder:
                status, *seconds = self.run_test(
                    test, "", 0, pathlib.Path(folder), 100, 300)
            if status != 0:
                sys.exit(f"{test} fails without any mutant")
            return seconds

        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            known.update(zip(missing, pool.map(measure, missing)))
        path.write_text(json.dumps(known))
        return known

    def run_test(self, test, path, number, folder, cpu_max_s, wall_max_s):
        """Run a test of a file's mutant in its folder. Returns its exit code,
        and its times: of the CPU, and by the wall."""
        command, environment = self.build.command(test, path, number, folder)

        def limit():
            resource.setrlimit(resource.RLIMIT_CPU, (cpu_max_s, cpu_max_s + 1))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            for kind, most in self.build.limits:
                resource.setrlimit(kind, (most, most))

        start = time.monotonic()
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL, cwd=folder,
            env={**os.environ, **environment}, preexec_fn=limit,
            start_new_session=True)
        killer = threading.Timer(wall_max_s, process.kill)
        killer.start()
        try:
            _, status, used = os.wait4(process.pid, 0)
        finally:
            killer.cancel()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # its children
        process.returncode = status
        return (status, used.ru_utime + used.ru_stime,
                time.monotonic() - start)

    def kills_mutant(self, test, path, number, folder):
        """A mutant may take three times as long, and a little more."""
        cpu_s, wall_s = self.seconds[test]
        return self.run_test(test, path, number, folder,
                             int(3 * cpu_s) + self.build.spare_s,
                             10 + 3 * wall_s)[0] != 0

    def order(self, path):
        """The tests, the likeliest killers of a file's mutants first."""
        source = pathlib.Path(path)
        words = {source.stem, source.parent.name, *source.stem.split("_")}

        def likely(test):
            name = pathlib.Path(test).stem.removeprefix("test_")
            return len(words & {name, *name.split("_")})

        def rank(test):
            n_kills = self.kills[path, test]
            return (-n_kills / (0.05 + self.seconds[test][0]), -likely(test),
                    self.build.rank(test, path), self.seconds[test])

        return sorted(
            (t for t in self.build.tests if self.build.judges(t, path) and
             (self.seconds[t][0] <= self.build.slow_s or likely(t) > 0)),
            key=rank)

    def judge(self, mutant, number):
        """"invalid", "same", "killed" or "survived"."""
        folder = BUILD / f"work/{os.getpid()}-{number}"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            return self.judge_in(mutant, number, folder)
        finally:
            shutil.rmtree(folder)

    def judge_in(self, mutant, number, folder):
        verdict = self.build.begin(mutant, number, folder)
        if verdict:
            return verdict
        for test in self.order(mutant.path):
            if self.kills_mutant(test, mutant.path, number, folder):
                self.kills[mutant.path, test] += 1
                return "killed"
        return self.build.end(mutant, folder)


def run_all(runner, mutants, jobs, end):
    """Judge them by their numbers until the time has come: (mutant,
    verdict)..."""
    mutants = iter(mutants.items())
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = {}
        while True:
            while len(running) < jobs and time.monotonic() < end:
                number, mutant = next(mutants, (0, None))
                if mutant is None:
                    break
                future = pool.submit(runner.judge, mutant, number)
                running[future] = mutant
            if not running:
                return
            done, _ = concurrent.futures.wait(
                running, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in done:
                yield running.pop(future), future.result()


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--bsd", action="store_true")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**9)
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--floor", type=float, default=0.0)
    parser.add_argument("--equivalent", action="store_true")
    parser.add_argument("--list", action="store_true")
    return parser.parse_args()


def report(options, counts, n_listed):
    n_killed, n_survived = counts["killed"], counts["survived"]
    percent = 100.0 * n_killed / max(n_killed + n_survived, 1)
    print(f"mutants: {n_killed} of {n_killed + n_survived} killed, "
          f"{percent:.1f} %; {counts['same']} compile to the same, "
          f"{counts['invalid']} do not compile, {n_listed} are listed as "
          f"equivalent")
    if n_killed + n_survived == 0:
        return "no mutant was run"
    if chance_of(n_killed, n_killed + n_survived, options.floor / 100) < CHANCE:
        return f"fewer than {options.floor} % of the mutants are killed"
    return None


def chance_of(n_killed, n, ratio):
    """Of at most n_killed in a sample of n, if this ratio of all is killed."""
    return sum(math.comb(n, k) * ratio ** k * (1 - ratio) ** (n - k)
               for k in range(n_killed + 1))


def main():
    options = arguments()
    reasons = read_list()
    files = options.files or (bsd_files() if options.bsd else core_files())
    mutants = [m for f in files for m in mutants_of(f)]
    stale = [key for key in reasons if key[0] in files and
             key not in {m.key() for m in mutants}]
    for key in stale:
        print("listed as equivalent, but no mutant: %s %s\n- %s\n+ %s" % key)
    if options.equivalent:
        mutants = [m for m in mutants if m.key() in reasons]
    else:
        mutants = [m for m in mutants if m.key() not in reasons]
    if options.list:
        for mutant in mutants:
            print(mutant)
        return f"{len(stale)} stale entries" if stale else 0
    end = float("inf")
    if options.seconds:
        random.Random(options.seed).shuffle(mutants)
        print(f"seed {options.seed}, of {len(mutants)} mutants")
    kind = Bsd if options.bsd else Core
    jobs = options.jobs or kind.jobs_by_core * os.cpu_count()
    build = kind()
    # Whatever is compiled on another kind of host only.
    mutants = dict(enumerate((m for m in mutants if m.path in build.files), 1))
    mutants = build.prepare(mutants, options.seconds)
    runner = Runner(build, jobs)
    start = time.monotonic()
    if options.seconds:
        end = start + options.seconds
    counts = collections.Counter()
    for mutant, verdict in run_all(runner, mutants, jobs, end):
        counts[verdict] += 1
        if verdict == ("killed" if options.equivalent else "survived"):
            print(f"{verdict}: {mutant}", flush=True)
    if options.equivalent:
        print(f"{counts['survived']} of the list survive, "
              f"{counts['killed']} do not")
        return 1 if counts["killed"] or stale else 0
    seconds = time.monotonic() - start
    print(f"judged {counts.total() / seconds:.1f} mutants a second")
    n_listed = sum(key[0] in files for key in reasons)
    failure = report(options, counts, n_listed)
    if not options.seconds and not options.files and n_listed > EQUIVALENT_MAX_PERCENT / 100 * (
            counts["killed"] + counts["survived"] + n_listed):
        failure = f"over {EQUIVALENT_MAX_PERCENT} % are listed as equivalent"
    return failure or (1 if stale else 0)


if __name__ == "__main__":
    sys.exit(main())
