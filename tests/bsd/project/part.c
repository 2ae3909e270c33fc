/* SPDX-License-Identifier: MIT */
const char *part(void);

const char *part(void)
{
    return "part";
}
