# SPDX-License-Identifier: MIT
"""Mutant schemata: one program with all mutants, one of which is chosen when it
starts, by the environment variable WASOCK_MUTANT.

A function's body becomes

    switch (wasock_bsd__mutant) {
    case 7: { the body with mutant 7 } break;
    default: { the body } break;
    }

Only mutants of functions' bodies can be chosen so.
"""
import collections
import dataclasses

VARIABLE = "wasock_bsd__mutant"
ENVIRONMENT = "WASOCK_MUTANT"
# Before the constructors of the layer.
CHOOSER = f"""#include <stdlib.h>
volatile int {VARIABLE};
__attribute__((constructor(50))) static void choose(void)
{{
    const char *number = getenv("{ENVIRONMENT}");
    {VARIABLE} = number ? atoi(number) : 0;
}}
"""


@dataclasses.dataclass
class Schema:
    lines: list   # of the file with its mutants
    owners: list  # the mutant's number of each line, or None

    def add(self, lines, owner=None):
        self.lines += lines
        self.owners += [owner] * len(lines)

    def text(self):
        return "\n".join(self.lines) + "\n"


def bodies(lines):
    """Each function's body: (its first line, the line behind it), from 0. The
    code's format has its braces on lines of their own."""
    found, start = [], None
    for number, line in enumerate(lines):
        if line == "{":
            start = number + 1
        elif line == "}" and start is not None:
            found.append((start, number))
            start = None
    return found


def change(lines, mutant):
    """The file's lines with this mutant; they keep their numbers."""
    changed = list(lines)
    changed[mutant.line - 1:mutant.end - 1] = \
        [mutant.new] + [""] * (mutant.end - mutant.line - 1)
    return changed


def body_of(mutant, found):
    """The body that the mutant is in, or None."""
    return next((body for body in found if body[0] < mutant.line and
                 mutant.end - 1 <= body[1]), None)


def is_in_function(lines, mutant):
    return body_of(mutant, bodies(lines)) is not None


def make(lines, mutants):
    """The schema of a file with its mutants: {number: mutant}, all of them in
    functions."""
    found = bodies(lines)
    by_body = collections.defaultdict(list)
    for number, mutant in mutants.items():
        by_body[body_of(mutant, found)].append((number, mutant))
    schema, at = Schema([], []), 0
    schema.add([f"extern volatile int {VARIABLE};"])
    for body in found:
        start, behind = body
        schema.add(lines[at:start])
        schema.add([f"switch ({VARIABLE}) {{"])
        for number, mutant in by_body[body]:
            schema.add([f"case {number}: {{",
                        *change(lines, mutant)[start:behind], "} break;"],
                       number)
        schema.add(["default: {", *lines[start:behind], "} break;", "}"])
        at = behind
    schema.add(lines[at:])
    return schema
