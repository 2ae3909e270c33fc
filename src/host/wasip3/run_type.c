/* SPDX-License-Identifier: MIT */
/* Made by tools/component-type.py of wit/wasip3.wit, world run. */

/* A module that uses the symbol gets the section below. */
extern const char wasock__run_type;
const char wasock__run_type = 0;

/* clang-format off */
__asm__(
    ".section "
    "\".custom_section.component-type:wasock-wasip3-run\",\"\",@\n"
    ".ascii \"\\000asm\\015\\000\\001\\000\\000\\031\\026wit-component-enc\"\n"
    ".ascii \"oding\\004\\000\\007G\\001A\\002\\001A\\002\\001B\\003\\001j\"\n"
    ".ascii \"\\000\\000\\001C\\000\\000\\000\\004\\000\\003run\\001\\001\"\n"
    ".ascii \"\\004\\000\\022wasi:cli/run@0.3.0\\005\\000\\004\\000\\021wa\"\n"
    ".ascii \"sock:wasip3/run\\004\\000\\013\\011\\001\\000\\003run\\003\"\n"
    ".ascii \"\\000\\000\"\n");
