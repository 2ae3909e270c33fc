/* SPDX-License-Identifier: MIT */
#include <stdio.h>

/* Success is to open a file, with no word about wasock. */
int main(int n_words, char **words)
{
    FILE *file = fopen(n_words == 2 ? words[1] : "", "r");

    return file != NULL && fgetc(file) == 'f' ? 0 : 1;
}
