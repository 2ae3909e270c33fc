/* SPDX-License-Identifier: MIT */
/*
 * input.h - a fuzzer's input, read byte by byte.
 *
 * At its end it reads as zeros: each target ends when input_is_empty.
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
    const uint8_t *at;
    const uint8_t *end;
};

static inline bool input_is_empty(const struct input *input)
{
    return input->at == input->end;
}

static inline uint8_t input_byte(struct input *input)
{
    return input_is_empty(input) ? 0 : *input->at++;
}

/* A number below `limit`, at most 256. */
static inline size_t input_below(struct input *input, size_t limit)
{
    return input_byte(input) % limit;
}

/* A size: most are small, and some are as large as `most`. */
static inline size_t input_size(struct input *input, size_t most)
{
    const size_t byte = input_byte(input);

    if (byte < 200) {
        return byte < most ? byte : most;
    }
    return most * (byte - 199) / 56;
}

/* End the run: libFuzzer keeps the input. In fail.c, as the BSD layer has a
 * stdio of its own. */
_Noreturn void fuzz_fail(const char *file, int line, const char *what);

#define CHECK(condition)                                                       \
    ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))

/* What libFuzzer calls. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
