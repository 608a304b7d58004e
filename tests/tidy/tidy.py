#!/usr/bin/env python3
"""tidy - the rules of this tree that a compiler does not know.

    tidy.py RULE [ROOT]     exit 0: kept, 1: broken, 2: usage, 77: cannot be checked here

Each breach is a line "file:line: rule: what is wrong". test_tidy.py plants
breaches and sees that they are found. Standard library only.
"""

import os
import re
import shutil
import subprocess
import sys

FILE_LINES = 600
FUNCTION_LINES = 70
CANNOT_CHECK = 77


class CannotCheck(Exception):
    """What a rule needs is not on this machine."""


class Tree:
    """The files of a checkout: what git knows or would take, else all there is."""

    def __init__(self, root):
        self.root = os.path.abspath(root)
        self.paths = sorted(self._from_git() or self._from_disk())

    def _from_git(self):
        if not os.path.exists(os.path.join(self.root, ".git")):
            return None
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=self.root, capture_output=True, check=False)
        if listed.returncode != 0:
            return None
        names = [n.decode() for n in listed.stdout.split(b"\0") if n]
        return [n for n in names if os.path.isfile(os.path.join(self.root, n))]

    def _from_disk(self):
        found = []
        for top, dirs, names in os.walk(self.root):
            if top == self.root:
                dirs[:] = [d for d in dirs if d not in (".git", "build")]
            dirs[:] = [d for d in dirs if d != "__pycache__"]
            found += [os.path.relpath(os.path.join(top, n), self.root) for n in names]
        return found

    def under(self, *tops, ends=("",)):
        return [p for p in self.paths
                if p.startswith(tops) and p.endswith(tuple(ends))]

    def text(self, path):
        """The file as text, or None if it is none."""
        try:
            with open(os.path.join(self.root, path), encoding="utf-8") as f:
                return f.read()
        except UnicodeDecodeError:
            return None


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def code_only(text, keep_strings=False):
    """C with comments (and the insides of strings) blanked out, line for line."""
    token = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
                       re.S)

    def blank(m):
        s = m.group(0)
        if s[0] in "\"'":
            return s if keep_strings else s[0] + " " * (len(s) - 2) + s[0]
        return re.sub(r"[^\n]", " ", s)

    return token.sub(blank, text)


INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(<[^>\n]+>|"[^"\n]+")', re.M)


def includes(text):
    """(line, name, quoted?) of every #include."""
    for m in INCLUDE.finditer(code_only(text, keep_strings=True)):
        yield line_of(text, m.start()), m.group(1)[1:-1], m.group(1)[0] == '"'


# --- layers: who may include whom ---------------------------------------------

GENERATED = "troth/v1/"  # Protobuf's C: the wire layer's own.


def declared_layers(tree):
    """{layer: all that it may include}, in the order of declaration, and its flaws."""
    path = "src/CMakeLists.txt"
    text = re.sub(r"#[^\n]*", "", tree.text(path))
    uses, flaws = {}, []
    for m in re.finditer(r"troth_layer\(\s*(\w+)([^)]*)\)", text):
        name, words = m.group(1), m.group(2).split()
        listed = []
        if "USES" in words:
            rest = words[words.index("USES") + 1:]
            listed = rest[:rest.index("LIBS")] if "LIBS" in rest else rest
        reach = {name}
        for used in listed:
            if used not in uses:
                flaws.append((path, line_of(text, m.start()),
                              f"{name} uses {used}, which is not declared above it"))
            reach |= {used} | uses.get(used, set())
        uses[name] = reach
    return uses, flaws


def layer_of(path):
    parts = path.split("/")
    if parts[0] == "src" and len(parts) > 2:
        return parts[1]
    if parts[:2] == ["include", "troth"] and len(parts) > 3:
        return parts[2]
    return None


def check_include(tree, uses, path, name, quoted):
    """What is wrong with including `name` in `path`, or None."""
    layer = layer_of(path)
    if name.startswith(GENERATED):
        return None if layer == "wire" else "generated code is private to the wire layer"
    if not quoted:
        return None
    if name.startswith("troth/"):
        target = name.split("/")[1]
        if f"include/{name}" not in tree.paths:
            return f"there is no include/{name}"
        # The program itself, in a directory that is no layer, stands above them all.
        if layer in uses and target not in uses[layer]:
            return f"{layer} does not use {target} (src/CMakeLists.txt)"
        return None
    if path.startswith("include/"):
        return f'a public header includes a private one, "{name}"'
    if "/" in name or f"{os.path.dirname(path)}/{name}" not in tree.paths:
        return f'"{name}" is not a header beside this file'
    return None


def layers(tree):
    uses, flaws = declared_layers(tree)
    yield from flaws
    for path in tree.under("src/", "include/troth/", ends=(".c", ".h")):
        if path.startswith("include/") and layer_of(path) not in uses:
            yield path, 1, f"{layer_of(path)} is not a layer (src/CMakeLists.txt)"
        for line, name, quoted in includes(tree.text(path)):
            wrong = check_include(tree, uses, path, name, quoted)
            if wrong:
                yield path, line, wrong


# --- core-is-pure: no clock, no I/O, no chance, no memory of its own -----------

PLAIN_HEADERS = {"assert.h", "ctype.h", "errno.h", "inttypes.h", "limits.h", "stdarg.h",
                 "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h",
                 "stdalign.h"}
# Above the core the simulator runs the real code: it may allocate, nothing more.
PURE_LAYERS = {"base": (), "core": (), "wire": ("stdatomic.h",),
               "state": ("stdatomic.h",), "ledger": ("stdatomic.h",),
               "replica": ("stdatomic.h",)}
ALLOCATES = {"base": {"src/base/span.c"}, "core": set()}
CLOCK_AND_IO = (r"time|clock|clock_gettime|gettimeofday|localtime|localtime_r|gmtime|"
                r"gmtime_r|getenv|secure_getenv|setenv|rand|srand|rand_r|random|"
                r"getrandom|arc4random\w*|fopen|fdopen|freopen|fclose|fread|fwrite|"
                r"fprintf|vfprintf|printf|vprintf|puts|putchar|fputs|fputc|fgets|"
                r"getline|scanf|fscanf|perror|remove|rename|tmpfile|system|popen|open|"
                r"openat|read|write|pread|pwrite|fsync|fdatasync|unlink|socket|connect|"
                r"send|recv|poll|select|usleep|nanosleep|pthread_\w+|syslog")
ALLOCATION = r"malloc|calloc|realloc|reallocarray|free|strdup|strndup|aligned_alloc"


def calls(text, names):
    """Lines and names of calls; members (x.read(), x->read()) are other functions."""
    for m in re.finditer(rf"(?<![\w.>])({names})\s*\(", text):
        yield line_of(text, m.start()), m.group(1)


def core_is_pure(tree):
    for path in tree.under("src/", "include/troth/", ends=(".c", ".h")):
        layer = layer_of(path)
        if layer not in PURE_LAYERS:
            continue
        text = tree.text(path)
        for line, name, quoted in includes(text):
            if name == "troth/crypto/random.h":
                yield path, line, f"{layer} takes randomness as an argument"
            if not quoted and not name.startswith(("google/", "protobuf-c/", GENERATED)) \
                    and name not in PLAIN_HEADERS and name not in PURE_LAYERS[layer]:
                yield path, line, f"{layer} has no use for <{name}>"
        code = code_only(text)
        for line, name in calls(code, CLOCK_AND_IO):
            yield path, line, f"{layer} does no I/O and reads no clock: {name}()"
        if re.search(r"\bFILE\s*\*", code):
            at = re.search(r"\bFILE\s*\*", code).start()
            yield path, line_of(code, at), f"{layer} does no I/O: FILE"
        if path not in ALLOCATES.get(layer, {path}):
            for line, name in calls(code, ALLOCATION):
                yield path, line, f"{layer} does not allocate: {name}()"


# --- size ------------------------------------------------------------------------

OWN_WORDS = (".c", ".h", ".py", ".sh", ".js", ".css", ".proto", ".cmake")


def size(tree):
    scripts = [p for p in tree.paths if is_script(tree, p)]
    for path in sorted(set(tree.under("", ends=OWN_WORDS)) | set(scripts)):
        if "/vendor/" in path:
            continue
        text = tree.text(path) or ""
        lines = text.count("\n")
        if lines > FILE_LINES:
            yield path, FILE_LINES + 1, f"{lines} lines; a file has at most {FILE_LINES}"
        if path.endswith(".c") or path.endswith(".h"):
            yield from function_sizes(path, code_only(text).split("\n"))


def function_sizes(path, lines):
    """With our brace style a function, and nothing else, opens in column 0."""
    start = None
    for n, line in enumerate(lines, 1):
        if line.startswith("{"):
            start = n
        elif line.startswith("}") and start is not None:
            if n - start - 1 > FUNCTION_LINES:
                yield (path, start, f"a function of {n - start - 1} lines; "
                                    f"at most {FUNCTION_LINES}")
            start = None


def is_script(tree, path):
    try:
        with open(os.path.join(tree.root, path), "rb") as f:
            return re.match(rb"#!.*\b(ba)?sh\b", f.readline(200)) is not None
    except OSError:
        return False


# --- format -----------------------------------------------------------------------

def format(tree):
    program = shutil.which("clang-format-14") or shutil.which("clang-format")
    if program is None:
        raise CannotCheck("clang-format is not installed")
    version = subprocess.run([program, "--version"], capture_output=True, text=True,
                             check=True).stdout
    if "version 14." not in version:
        raise CannotCheck(f"want clang-format 14, this is {version.strip()}")
    files = [p for p in tree.under("", ends=(".c", ".h")) if "/vendor/" not in p]
    if not files:
        return
    said = subprocess.run([program, "--dry-run", "-Werror", "--style=file", *files],
                          cwd=tree.root, capture_output=True, text=True,
                          check=False).stderr
    seen = set()
    for m in re.finditer(r"^(\S+?):(\d+):\d+: error: code should be clang-formatted",
                         said, re.M):
        if m.groups() not in seen:
            seen.add(m.groups())
            yield m.group(1), int(m.group(2)), "not as clang-format has it"


# --- forbidden: flags that lose data, and sleeps -------------------------------------

LMDB_FLAGS = r"\bMDB_(?:NOSYNC|NOMETASYNC|WRITEMAP|MAPASYNC|INTEGERKEY|DUPSORT)\b"
SLEEPS = r"sleep|usleep|nanosleep|clock_nanosleep|thrd_sleep|nng_msleep|nng_sleep_aio"

UNBOUNDED = r"strcpy|stpcpy|strcat|sprintf|vsprintf|gets"


def forbidden(tree):
    for path in tree.under("src/", "include/", "tests/", ends=(".c", ".h")):
        code = code_only(tree.text(path))
        # Tests name the flags: to see that they are off, and what would be lost.
        for m in () if path.startswith("tests/") else re.finditer(LMDB_FLAGS, code):
            yield path, line_of(code, m.start()), f"{m.group(0)} is never to be used"
        for line, name in calls(code, SLEEPS):
            yield path, line, f"{name}(): wait for the event, with a bound"
        for line, name in () if path.startswith("tests/") else calls(code, UNBOUNDED):
            yield path, line, f"{name}(): say how much fits (TROTH_TEXT_SET, snprintf)"
    for path in tree.under("tests/", "certs/", ends=("",)):
        if path.endswith(".py"):
            pattern = r"^[^#\n]*?\b(time\.sleep)\s*\("
        elif is_script(tree, path):
            # Looking again within a second is how a script waits for an event.
            pattern = r"^[^#\n]*?(?<![\w./-])(sleep +[1-9]\S*)"
        else:
            continue
        text = tree.text(path)
        for m in re.finditer(pattern, text, re.M):
            yield path, line_of(text, m.start(1)), f"{m.group(1)}: wait for the event"


# --- words ------------------------------------------------------------------------------

# In pieces, so that this file keeps its own rule.
UNFINISHED = "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"])
STAND_IN = "|".join(["stu" + "bs?", "not imple" + "mented", "unimple" + "mented",
                     "for n" + "ow"])
MACHINE = "|".join(["/wo" + "rk/", "/tmp/" + "wt", "/ro" + "ot/", "/fa" + "rm/",
                    "/ho" + r"me/\w"])
WORDS = ((re.compile(rf"\b(?:{UNFINISHED})\b"), "an unfinished word"),
         (re.compile(rf"\b(?:{STAND_IN})\b", re.I), "says that something is missing"),
         (re.compile(rf"(?<![\w.])(?:{MACHINE})"), "a path of one machine"))


def words(tree):
    for path in tree.paths:
        if path == "LICENSE" or "/vendor/" in path or "/corpus/" in path:
            continue
        text = tree.text(path)
        if text is None:
            continue
        for n, line in enumerate(text.split("\n"), 1):
            for pattern, what in WORDS:
                m = pattern.search(line)
                if m:
                    yield path, n, f'{what}: "{m.group(0)}"'


# --- docs: what they point at is there ---------------------------------------------------

LINK = re.compile(r"\]\(([^)\s]+)\)|<img[^>]*\bsrc=\"([^\"]+)\"|srcset=\"([^\"]+)\"")


def docs(tree):
    dev = tree.text("dev") if "dev" in tree.paths else ""
    commands = set(re.findall(r"^#   \./dev (\w+)", dev, re.M))
    for path in tree.under("", ends=(".md",)):
        text = tree.text(path)
        for m in LINK.finditer(text):
            target = next(g for g in m.groups() if g).split("#")[0]
            if not target or re.match(r"[a-z]+:", target):
                continue
            there = os.path.normpath(os.path.join(os.path.dirname(path), target))
            if not os.path.exists(os.path.join(tree.root, there)):
                yield path, line_of(text, m.start()), f"there is no {there}"
        for m in re.finditer(r"\./dev ([a-z]\w*)", text):
            if m.group(1) not in commands:
                yield (path, line_of(text, m.start()),
                       f"./dev has no command {m.group(1)}")


# --- documented: the numbers in the documents are those in the headers -----------------

# header, enum, prefix of its names, document
NUMBERED = (
    ("include/troth/core/subject.h", "troth_outcome", "TROTH_", "doc/protocol.md"),
    ("include/troth/core/subject.h", "troth_reason", "TROTH_REASON_", "doc/protocol.md"),
    ("include/troth/wire/bus.h", "troth_bus_error", "TROTH_BUS_E_", "doc/protocol.md"),
    ("include/troth/core/event.h", "troth_event_type", "TROTH_EVENT_", "doc/protocol.md"),
    ("include/troth/core/model.h", "troth_role", "TROTH_ROLE_", "doc/disk-format.md"),
    ("include/troth/core/model.h", "troth_subject_kind", "TROTH_SUBJECT_",
     "doc/disk-format.md"),
    ("include/troth/core/model.h", "troth_order_state", "TROTH_ORDER_",
     "doc/disk-format.md"),
    ("include/troth/core/model.h", "troth_case_state", "TROTH_CASE_",
     "doc/disk-format.md"),
    ("include/troth/core/model.h", "troth_kind", "TROTH_KIND_", "doc/disk-format.md"),
    ("include/troth/core/model.h", "troth_channel", "TROTH_CHANNEL_",
     "doc/disk-format.md"),
    ("include/troth/core/model.h", "troth_promise_state", "TROTH_PROMISE_",
     "doc/disk-format.md"),
    ("include/troth/core/model.h", "troth_promise_action", "TROTH_PROMISE_DO_",
     "doc/disk-format.md"),
    ("include/troth/core/model.h", "troth_action", "TROTH_ACTION_", "doc/disk-format.md"),
    ("include/troth/core/model.h", "troth_commitment_state", "TROTH_COMMITMENT_",
     "doc/disk-format.md"),
    ("include/troth/core/model.h", "troth_commitment_action", "TROTH_COMMITMENT_DO_",
     "doc/disk-format.md"),
    ("include/troth/core/model.h", "troth_evidence", "TROTH_EVIDENCE_",
     "doc/disk-format.md"),
)


def enum_values(code, name):
    """[(enumerator, number)] of enum `name`, those that have a number."""
    m = re.search(rf"\benum {name} \{{(.*?)\}}", code, re.S)
    return re.findall(r"(TROTH_\w+)\s*=\s*(\d+)", m.group(1)) if m else []


def table_rows(text, name):
    """{number: (name, line)} of the table under a heading that names enum `name`."""
    m = re.search(rf"^#+ [^\n]*`{name}`[^\n]*\n(.*?)(?=^#|\Z)", text, re.M | re.S)
    if not m:
        return None
    rows = {}
    for row in re.finditer(r"^\| (\d+) \| `(\w+)`", m.group(1), re.M):
        at = m.start(1) + row.start()
        rows[int(row.group(1))] = (row.group(2), line_of(text, at))
    return rows


def compare(document, text, name, want):
    rows = table_rows(text, name)
    if rows is None:
        yield document, 1, f"no heading for `{name}`"
        return
    for number, word in want.items():
        if number not in rows:
            yield document, 1, f"`{name}` has no row for {number}, {word}"
        elif rows[number][0] != word:
            yield (document, rows[number][1],
                   f"{number} of `{name}` is {word}, not {rows[number][0]}")
    for number in rows.keys() - want.keys():
        yield document, rows[number][1], f"`{name}` has no number {number}"


def documented(tree):
    for header, name, prefix, document in NUMBERED:
        values = enum_values(code_only(tree.text(header)), name)
        if not values:
            yield header, 1, f"no numbered enum {name}"
            continue
        want = {int(n): word[len(prefix):].lower() for word, n in values
                if word not in ("TROTH_EVENT_NONE",)}
        yield from compare(document, tree.text(document), name, want)
    for row in NAMED:
        yield from documented_names(tree, *row)


# source, what is named there, document, heading of the table that has each name, what it is
NAMED = (
    ("src/state/tables.c", r'\[TROTH_T_\w+\]\s*=\s*"(\w+)"', "doc/disk-format.md",
     "Tables", "table"),
    ("src/api/problem.c", r'\[TROTH_PROBLEM_\w+\]\s*=\s*\{\s*"(\w+)"',
     "doc/integrators.md", "Problems", "problem"),
)


def documented_names(tree, source, named, document, heading, what):
    text = tree.text(document)
    names = set(re.findall(named, code_only(tree.text(source), keep_strings=True)))
    if not names:
        yield source, 1, f"no {what} found"
    m = re.search(rf"^## {heading}\n(.*?)(?=^## )", text, re.M | re.S)
    if not m:
        yield document, 1, f"no heading {heading}"
        return
    rows = {}
    for row in re.finditer(r"^\| `(\w+)` \|", m.group(1), re.M):
        rows[row.group(1)] = line_of(text, m.start(1) + row.start())
    for name in sorted(names - rows.keys()):
        yield document, line_of(text, m.start()), f"no row for {what} {name}"
    for name in sorted(rows.keys() - names):
        yield document, rows[name], f"there is no {what} {name}"


RULES = {
    "layers": layers,
    "core-is-pure": core_is_pure,
    "size": size,
    "format": format,
    "no-forbidden-flags": forbidden,
    "words": words,
    "docs": docs,
    "documented": documented,
}


def main(argv):
    if len(argv) not in (2, 3) or argv[1] not in RULES:
        print(f"usage: tidy.py {'|'.join(RULES)} [ROOT]", file=sys.stderr)
        return 2
    rule = argv[1]
    tree = Tree(argv[2] if len(argv) == 3 else ".")
    try:
        breaches = list(RULES[rule](tree))
    except CannotCheck as why:
        print(f"tidy.{rule}: skipped: {why}")
        return CANNOT_CHECK
    for path, line, what in breaches:
        print(f"{path}:{line}: {rule}: {what}")
    print(f"tidy.{rule}: {len(tree.paths)} files, {len(breaches)} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
