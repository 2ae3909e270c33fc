/* SPDX-License-Identifier: MIT */
/*
 * text.h - text in the caller's buffer. It counts on when the buffer is full,
 * as snprintf does.
 */
#ifndef WASOCK_TEXT_H
#define WASOCK_TEXT_H

#include <stddef.h>

/* strlen, which a program without a libc lacks. */
static inline size_t text_length(const char *string)
{
    size_t length = 0;

    while (string[length] != '\0') {
        length++;
    }
    return length;
}

struct text {
    char *bytes;
    size_t capacity;
    size_t length; /* of the whole text; may exceed `capacity` */
};

static inline void text_put(struct text *text, char character)
{
    if (text->length + 1 < text->capacity) {
        text->bytes[text->length] = character;
    }
    text->length++;
}

static inline void text_put_string(struct text *text, const char *string)
{
    for (; *string != '\0'; string++) {
        text_put(text, *string);
    }
}

static inline void text_put_decimal(struct text *text, unsigned number)
{
    char digits[3 * sizeof(number)];
    size_t n_digits = 0;

    do {
        digits[n_digits++] = (char)('0' + (number % 10));
        number /= 10;
    } while (number > 0);
    while (n_digits > 0) {
        text_put(text, digits[--n_digits]);
    }
}

/* End the text with a zero, which always has room. Returns the length. */
static inline size_t text_end(struct text *text)
{
    if (text->capacity > 0) {
        text->bytes[text->length < text->capacity ? text->length
                                                  : text->capacity - 1] = '\0';
    }
    return text->length;
}

#endif
