#!/usr/bin/env python3
"""Every rule of tidy.py finds a breach that is planted, and leaves alone what is right."""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import tidy  # noqa: E402

LAYERS = """# Lowest first.
troth_layer(base)
troth_layer(core USES base)
troth_layer(wire USES core LIBS troth_proto)
troth_layer(net USES base
\tLIBS nng::nng)
"""
REASONS = """enum troth_reason {
\tTROTH_REASON_NONE = 0,
\tTROTH_REASON_STALE =
\t\t4, /* Not the newest. */
};
"""


class Planted(unittest.TestCase):
    def breaches(self, rule, files):
        """["file:line", ...] that `rule` names in a tree of `files`."""
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                full = os.path.join(root, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w", encoding="utf-8") as f:
                    f.write(text)
            found = tidy.RULES[rule](tidy.Tree(root))
            return [f"{path}:{line}" for path, line, _ in found]

    # --- layers

    def layered(self, files):
        return self.breaches("layers", {
            "src/CMakeLists.txt": LAYERS, "include/troth/base/err.h": "",
            "include/troth/core/event.h": "", "include/troth/net/bus.h": "",
            "src/net/frame.h": "", **files})

    def test_a_layer_may_include_what_it_uses_and_what_that_uses(self):
        self.assertEqual(self.layered({
            "src/wire/event.c": '#include "troth/core/event.h"\n'
                                '#include "troth/base/err.h"\n'
                                '#include "troth/v1/event.pb-c.h"\n',
            "src/net/link.c": '#include "frame.h"\n#include <nng/nng.h>\n'}), [])

    def test_a_layer_that_is_not_used_is_found(self):
        self.assertEqual(self.layered({
            "src/core/judge.c": '/* Pure. */\n#include "troth/net/bus.h"\n'}),
            ["src/core/judge.c:2"])

    def test_a_public_header_is_held_to_the_same_rule(self):
        self.assertEqual(self.layered({
            "include/troth/core/judge.h": '#include "troth/net/bus.h"\n'}),
            ["include/troth/core/judge.h:1"])

    def test_a_private_header_of_another_layer_is_found(self):
        self.assertEqual(self.layered({
            "src/core/a.c": '#include "frame.h"\n',
            "src/core/b.c": '\n#include "../net/frame.h"\n'}),
            ["src/core/a.c:1", "src/core/b.c:2"])

    def test_a_public_header_that_includes_a_private_one_is_found(self):
        self.assertEqual(self.layered({
            "include/troth/net/link.h": '#include "frame.h"\n'}),
            ["include/troth/net/link.h:1"])

    def test_generated_code_outside_wire_is_found(self):
        self.assertEqual(self.layered({
            "src/net/link.c": '#include "troth/v1/bus.pb-c.h"\n'}), ["src/net/link.c:1"])

    def test_a_header_that_is_not_there_is_found(self):
        self.assertEqual(self.layered({
            "src/core/a.c": '#include "troth/base/gone.h"\n'}), ["src/core/a.c:1"])

    def test_a_layer_that_uses_a_later_one_is_found(self):
        self.assertEqual(self.breaches("layers", {
            "src/CMakeLists.txt": "troth_layer(base USES core)\ntroth_layer(core)\n"}),
            ["src/CMakeLists.txt:1"])

    def test_an_include_in_a_comment_is_none(self):
        self.assertEqual(self.layered({
            "src/core/a.c": '/*\n#include "troth/net/bus.h"\n*/\n'}), [])

    # --- core-is-pure

    def pure(self, path, text):
        return self.breaches("core-is-pure", {path: text})

    def test_each_way_to_the_world_is_found_in_the_core(self):
        for text in ("t = time(NULL);", "clock_gettime(0, &ts);", 'getenv("TZ");',
                     "x = rand();", 'fopen("f", "r");', "FILE *f;", "read(0, b, 1);",
                     'printf("x");', "#include <time.h>", "#include <unistd.h>",
                     "#include <sys/time.h>", "#include <pthread.h>",
                     '#include "troth/crypto/random.h"', "p = malloc(1);", "free(p);"):
            with self.subTest(text):
                self.assertEqual(self.pure("src/core/a.c", f"\n{text}\n"),
                                 ["src/core/a.c:2"])
                self.assertEqual(self.pure("include/troth/core/a.h", f"\n{text}\n"),
                                 ["include/troth/core/a.h:2"])

    def test_what_only_looks_like_it_is_left_alone(self):
        for text in ("/* time() is not called. */", "// malloc(1)", 's = "read(x)";',
                     "io->read(ctx);", "ops.open(x);", "put_time(b, t);",
                     "time_ok(t, true);", "#include <string.h>", "snprintf(b, 1, f);"):
            with self.subTest(text):
                self.assertEqual(self.pure("src/core/a.c", text + "\n"), [])

    def test_base_allocates_in_span_only(self):
        self.assertEqual(self.pure("src/base/span.c", "p = realloc(p, 2);\n"), [])
        self.assertEqual(self.pure("src/base/text.c", "p = realloc(p, 2);\n"),
                         ["src/base/text.c:1"])

    def test_what_the_simulator_runs_may_allocate_but_reads_no_clock(self):
        for layer in ("wire", "state", "ledger", "replica"):
            with self.subTest(layer):
                path = f"src/{layer}/a.c"
                self.assertEqual(self.pure(path, "p = malloc(1);\n"), [])
                self.assertEqual(self.pure(path, "t = time(NULL);\n"), [f"{path}:1"])

    def test_layers_that_meet_the_world_may(self):
        self.assertEqual(self.pure("src/net/a.c", "#include <time.h>\nt = time(0);\n"),
                         [])

    # --- size

    def test_a_file_of_600_lines_is_fine_and_one_of_601_is_found(self):
        for name in ("src/core/a.c", "tests/a.py", "include/a.h", "web/a.js"):
            with self.subTest(name):
                self.assertEqual(self.breaches("size", {name: "\n" * 600}), [])
                self.assertEqual(self.breaches("size", {name: "\n" * 601}),
                                 [f"{name}:601"])

    def test_a_script_without_an_ending_is_measured_too(self):
        self.assertEqual(self.breaches("size", {"run": "#!/usr/bin/env bash\n" +
                                                "\n" * 600}), ["run:601"])

    def test_a_function_of_70_lines_is_fine_and_one_of_71_is_found(self):
        def function(lines):
            return "int f(void)\n{\n" + "\tx();\n" * lines + "}\n"

        self.assertEqual(self.breaches("size", {"src/a.c": function(70)}), [])
        self.assertEqual(self.breaches("size", {"src/a.c": function(71)}), ["src/a.c:2"])

    def test_a_long_table_is_no_function(self):
        self.assertEqual(self.breaches("size", {
            "src/a.c": "static const int t[] = {\n" + "\t1,\n" * 100 + "};\n"}), [])

    # --- format

    def test_what_clang_format_would_change_is_found(self):
        files = {".clang-format": "BasedOnStyle: LLVM\n", "src/a.c": "int a;\nint  b;\n"}
        try:
            self.assertEqual(self.breaches("format", files), ["src/a.c:2"])
            files["src/a.c"] = "int a;\nint b;\n"
            self.assertEqual(self.breaches("format", files), [])
        except tidy.CannotCheck as why:
            self.skipTest(str(why))

    # --- no-forbidden-flags

    def forbidden(self, path, text):
        return self.breaches("no-forbidden-flags", {path: text})

    def test_each_flag_that_loses_data_is_found(self):
        for flag in ("NOSYNC", "NOMETASYNC", "WRITEMAP", "MAPASYNC", "INTEGERKEY",
                     "DUPSORT"):
            with self.subTest(flag):
                text = f"/* Never. */\nflags |= MDB_{flag};\n"
                self.assertEqual(self.forbidden("src/store/a.c", text),
                                 ["src/store/a.c:2"])
                self.assertEqual(self.forbidden("src/store/a.c", f"/* no MDB_{flag} */"),
                                 [])

    def test_each_sleep_is_found_in_programs_and_in_tests(self):
        for call in ("sleep(1)", "usleep(9)", "nanosleep(&t, NULL)", "nng_msleep(5)"):
            for path in ("src/net/a.c", "tests/unit/net/a.c"):
                with self.subTest(call + path):
                    self.assertEqual(self.forbidden(path, f"\n{call};\n"), [f"{path}:2"])

    def test_a_copy_without_a_length_is_found_in_programs(self):
        for call in ("strcpy(a, b)", "(void)strcat(a, b)", 'sprintf(a, "x")'):
            with self.subTest(call):
                self.assertEqual(self.forbidden("src/net/a.c", f"\n{call};\n"),
                                 ["src/net/a.c:2"])
        self.assertEqual(self.forbidden("src/net/a.c", 'snprintf(a, 1, "x");\n'), [])

    def test_a_script_may_look_again_but_not_sleep_for_seconds(self):
        head = "#!/bin/bash\n"
        self.assertEqual(self.forbidden("tests/a.sh", head + "sleep 2\n"),
                         ["tests/a.sh:2"])
        self.assertEqual(self.forbidden("tests/a.sh", head + "sleep 0.05\n"), [])
        self.assertEqual(self.forbidden("tests/a.sh", head + "# sleep 2\n"), [])
        self.assertEqual(self.forbidden("tests/a.py", "\ntime.sleep(0.1)\n"),
                         ["tests/a.py:2"])

    # --- words

    def test_unfinished_words_and_machine_paths_are_found(self):
        for text in ("TO" + "DO: later", "/* FIX" + "ME */", "a stu" + "b",
                     "not imple" + "mented", "see /wo" + "rk/x", "cd /ro" + "ot/",
                     "/tmp/" + "wt/a", "good for n" + "ow"):
            with self.subTest(text):
                self.assertEqual(self.breaches("words", {"doc/a.md": f"\n{text}\n"}),
                                 ["doc/a.md:2"])

    def test_ordinary_words_are_left_alone(self):
        self.assertEqual(self.breaches("words", {
            "a.md": "stubborn nng_stub" + "born workload framework/x https://x/work\n"}),
            [])

    # --- docs

    def test_a_link_to_nothing_and_an_unknown_command_are_found(self):
        files = {"dev": "#!/bin/bash\n#\n#   ./dev test [WHAT]   test\n",
                 "doc/a.md": "[b](b.md) [c](c.md#x) [d](https://d) `./dev test`\n"
                             "`./dev fly`\n",
                 "doc/c.md": ""}
        self.assertEqual(self.breaches("docs", files), ["doc/a.md:1", "doc/a.md:2"])

    # --- documented

    def numbers(self, rows):
        text = "# `troth_reason`\n\n| no | name |\n| --- | --- |\n" + rows + "\n# Next\n"
        return [line for _, line, _ in tidy.compare(
            "doc/p.md", text, "troth_reason",
            {int(n): w[len("TROTH_REASON_"):].lower()
             for w, n in tidy.enum_values(tidy.code_only(REASONS), "troth_reason")})]

    def test_a_table_that_says_what_the_header_says_is_fine(self):
        self.assertEqual(self.numbers("| 0 | `none` | x |\n| 4 | `stale` | y |\n"), [])

    def test_a_missing_a_wrong_and_a_surplus_number_are_found(self):
        self.assertEqual(self.numbers("| 0 | `none` | x |\n"), [1])
        self.assertEqual(self.numbers("| 0 | `none` |\n| 4 | `old` |\n"), [6])
        self.assertEqual(self.numbers("| 0 | `none` |\n| 4 | `stale` |\n| 5 | `x` |\n"),
                         [7])

    def test_tables_are_compared_with_the_schema(self):
        files = {"src/state/tables.c": '[TROTH_T_META] = "meta",\n'
                                       '[TROTH_T_FEED] = "feed",\n',
                 "doc/disk-format.md": "## Tables\n| `meta` | k | v |\n"
                                       "| `food` | k | v |\n\n## Next\n"}
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as f:
                    f.write(text)
            found = list(tidy.documented_names(tidy.Tree(root), *tidy.NAMED[0]))
        self.assertEqual([f[1] for f in found], [1, 3])


if __name__ == "__main__":
    unittest.main()
