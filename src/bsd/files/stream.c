/* SPDX-License-Identifier: MIT */
/*
 * stream.c - stdio's streams over the layer's numbers.
 *
 * All read and write through the table: fileno returns a stream's number,
 * sockets have streams, and printf writes to what dup2 made of 1. wasi-libc's
 * own, which write to the host's 1 and 2, serve its assert and getopt alone.
 * A stream reads and writes as its mode says, whatever its number can do;
 * writing to one that only reads fails without an errno, as wasi-libc has it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../libc.h"
#include "../plain.h"
#include "file.h"

struct stream {
    struct stream *next;
    FILE *file;
    int fd;    /* -1: a standard stream that was closed */
    int flags; /* of open, for its mode */
    bool is_standard;
};

static struct stream *streams;

FILE *wasock_bsd_stdin;
FILE *wasock_bsd_stdout;
FILE *wasock_bsd_stderr;

static struct stream *find_stream(const FILE *file)
{
    struct stream *stream = streams;

    while (stream != NULL && stream->file != file) {
        stream = stream->next;
    }
    return stream;
}

static void forget_stream(const struct stream *forgotten)
{
    struct stream **link = &streams;

    while (*link != forgotten) {
        link = &(*link)->next;
    }
    *link = forgotten->next;
}

static ssize_t read_stream(void *cookie, char *buffer, size_t capacity)
{
    const struct stream *stream = (const struct stream *)cookie;

    if ((stream->flags & O_ACCMODE) == O_WRONLY) {
        errno = EBADF;
        return -1;
    }
    return read(stream->fd, buffer, capacity);
}

/* stdio takes a short count for success, so this writes all, or fails. */
static ssize_t write_stream(void *cookie, const char *data, size_t length)
{
    const struct stream *stream = (const struct stream *)cookie;
    size_t n_written = 0;

    if ((stream->flags & O_ACCMODE) == O_RDONLY) {
        errno = EBADF;
        return -1;
    }
    while (n_written < length) {
        const ssize_t n =
            write(stream->fd, data + n_written, length - n_written);
        if (n <= 0) {
            return -1;
        }
        n_written += (size_t)n;
    }
    return (ssize_t)length;
}

/* stdio asks for the position to add what it has buffered, which O_APPEND
 * writes at the end. */
static int seek_stream(void *cookie, off_t *offset, int whence)
{
    const struct stream *stream = (const struct stream *)cookie;
    const bool is_at_end = (stream->flags & O_APPEND) != 0 &&
                           whence == SEEK_CUR && *offset == 0 &&
                           __fpending(stream->file) > 0;
    const off_t result =
        lseek(stream->fd, *offset, is_at_end ? SEEK_END : whence);

    if (result < 0) {
        return -1;
    }
    *offset = result;
    return 0;
}

static int close_stream(void *cookie)
{
    struct stream *stream = (struct stream *)cookie;
    const int fd = stream->fd;

    forget_stream(stream);
    free(stream);
    return close(fd);
}

/* The flags of open for a mode of fopen; -1 with EINVAL. */
static int flags_of_mode(const char *mode)
{
    int flags = 0;

    switch (*mode) {
    case 'r':
        flags = O_RDONLY;
        break;
    case 'w':
        flags = O_WRONLY | O_CREAT | O_TRUNC;
        break;
    case 'a':
        flags = O_WRONLY | O_CREAT | O_APPEND;
        break;
    default:
        errno = EINVAL;
        return -1;
    }
    if (strchr(mode, '+') != NULL) {
        flags = (flags & ~O_ACCMODE) | O_RDWR;
    }
    if (strchr(mode, 'x') != NULL) {
        flags |= O_EXCL;
    }
    if (strchr(mode, 'e') != NULL) {
        flags |= O_CLOEXEC;
    }
    return flags;
}

/* What the first word of a FILE has only if nothing may be written to it. */
static unsigned read_only_bits(void)
{
    static const cookie_io_functions_t none;
    const char *const modes[] = {"r", "r+"};
    unsigned words[2] = {0, 0};

    for (int i = 0; i < 2; i++) {
        FILE *file = fopencookie(NULL, modes[i], none);
        if (file == NULL) {
            return 0;
        }
        memcpy(&words[i], file, sizeof(words[i]));
        fclose(file);
    }
    return words[0] & ~words[1];
}

/* Give a stream another mode, which wasi-libc's stream cannot change. */
static void set_mode(struct stream *stream, int flags)
{
    const bool is_read_only = (flags & O_ACCMODE) == O_RDONLY;
    unsigned word = 0;

    if (is_read_only != ((stream->flags & O_ACCMODE) == O_RDONLY)) {
        const unsigned bits = read_only_bits();
        memcpy(&word, stream->file, sizeof(word));
        word = is_read_only ? word | bits : word & ~bits;
        memcpy(stream->file, &word, sizeof(word));
    }
    stream->flags = flags;
}

/* A stream over a number, which stays the caller's on failure. flags: of open,
 * for its mode. */
static FILE *stream_of(int fd, int flags)
{
    static const cookie_io_functions_t functions = {
        .read = read_stream,
        .write = write_stream,
        .seek = seek_stream,
        .close = close_stream,
    };
    struct stream *stream = (struct stream *)malloc(sizeof(*stream));

    if (stream == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    stream->fd = fd;
    stream->flags = flags;
    /* Of the others read_stream returns an errno. */
    stream->file = fopencookie(
        stream, (flags & O_ACCMODE) == O_RDONLY ? "r" : "r+", functions);
    if (stream->file == NULL) {
        free(stream);
        return NULL;
    }
    stream->is_standard = false;
    stream->next = streams;
    streams = stream;
    if (isatty(fd)) {
        setvbuf(stream->file, NULL, _IOLBF, 0);
    }
    return stream->file;
}

/* Where a stream that only appends begins: ftell returns the file's length. */
static void go_to_end(int fd, int flags)
{
    if ((flags & O_APPEND) != 0 && (flags & O_ACCMODE) == O_WRONLY) {
        lseek(fd, 0, SEEK_END); /* it has no position */
    }
}

/* Programs write to a closed standard stream, which must fail safely: it stays
 * allocated. */
static FILE *standard_stream(int fd)
{
    FILE *file = stream_of(fd, fd == 0 ? O_RDONLY : O_WRONLY);

    if (file != NULL) {
        find_stream(file)->is_standard = true;
    }
    return file;
}

/* Behind the table's, before the program's. */
__attribute__((constructor(102))) static void begin(void)
{
    wasock_bsd_stdin = standard_stream(0);
    wasock_bsd_stdout = standard_stream(1);
    wasock_bsd_stderr = standard_stream(2);
    if (wasock_bsd_stderr != NULL) {
        setvbuf(wasock_bsd_stderr, NULL, _IONBF, 0);
    }
    errno = 0; /* that none is a terminal is no failure of the program's */
}

/* A stream over a number, which is closed on failure. */
static FILE *own_stream_of(int fd, int flags)
{
    FILE *file = stream_of(fd, flags);

    if (file == NULL) {
        const int error = errno;
        close(fd);
        errno = error;
    }
    return file;
}

/*
 * fopen(3). Errors: EINVAL: the mode; as open(2).
 */
FILE *fopen(const char *restrict path, const char *restrict mode)
{
    const int flags = flags_of_mode(mode);
    const int fd = flags < 0 ? -1 : open(path, flags, 0666);

    if (fd < 0) {
        return NULL;
    }
    go_to_end(fd, flags);
    return own_stream_of(fd, flags);
}

/* Whether a number open with `open_flags` can do what a mode asks for. */
static bool allows(int open_flags, int flags)
{
    const int mode = open_flags & O_ACCMODE;

    return mode == O_RDWR || mode == (flags & O_ACCMODE);
}

/*
 * fdopen(3), of any number. The number is closed with the stream.
 * Errors: EBADF; EINVAL: the mode, or the number is not open for it; ENOMEM.
 */
FILE *fdopen(int fd, const char *mode)
{
    const int flags = flags_of_mode(mode);
    struct description *description = wasock_bsd__find(fd);

    if (flags < 0) {
        errno = EINVAL;
        return NULL;
    }
    if (description == NULL) {
        return NULL;
    }
    if (fd > 2 && !allows(description->flags, flags)) {
        errno = EINVAL;
        return NULL;
    }
    if ((flags & O_APPEND) != 0) {
        fcntl(fd, F_SETFL, description->flags | O_APPEND);
        go_to_end(fd, flags);
    }
    return stream_of(fd, flags);
}

/* fileno(3). Errors: EBADF: a stream over memory. */
int fileno(FILE *stream)
{
    const struct stream *found = find_stream(stream);

    return found != NULL ? found->fd : wasock_libc_fileno(stream);
}

/*
 * fclose(3). The number is closed with the stream.
 * Errors: EBADF: it was closed; as write(2) and close(2).
 */
int fclose(FILE *file)
{
    struct stream *stream = find_stream(file);

    if (stream == NULL || !stream->is_standard) {
        return wasock_libc_fclose(file);
    }
    const int fd = stream->fd;
    int result = fflush(file);
    stream->fd = -1;
    if (close(fd) < 0) {
        result = EOF;
    }
    return result;
}

/* Let a stream read and write something else, under its number. */
static FILE *reopen(const char *path, int flags, struct stream *stream)
{
    const int fd = open(path, flags, 0666);

    if (fd < 0) {
        const int error = errno;
        fclose(stream->file);
        errno = error;
        return NULL;
    }
    if (stream->fd >= 0 && stream->fd != fd) {
        dup3(fd, stream->fd, flags & O_CLOEXEC); /* it is in the table */
        close(fd);
    } else {
        stream->fd = fd;
    }
    go_to_end(stream->fd, flags);
    set_mode(stream, flags);
    clearerr(stream->file);
    return stream->file;
}

/*
 * freopen(3). Without a path the mode cannot change.
 * Errors: as fopen, and then the stream is closed; EBADF: no path, and another
 *   mode; a stream over memory.
 */
FILE *freopen(const char *restrict path, const char *restrict mode,
              FILE *restrict file)
{
    const int flags = flags_of_mode(mode);
    struct stream *stream = find_stream(file);

    if (flags < 0) {
        return NULL;
    }
    if (stream == NULL) {
        errno = EBADF;
        return NULL;
    }
    fflush(file);
    if (path != NULL) {
        return reopen(path, flags, stream);
    }
    const struct description *description = wasock_bsd__find(stream->fd);
    if (description == NULL || !allows(description->flags, flags)) {
        errno = EBADF;
        return NULL;
    }
    set_mode(stream, flags);
    return file;
}

/* The functions that mean stdin, stdout or stderr. Errors: as of the stream. */
int printf(const char *restrict format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    const int result = vfprintf(stdout, format, arguments);
    va_end(arguments);
    return result;
}

int vprintf(const char *restrict format, va_list arguments)
{
    return vfprintf(stdout, format, arguments);
}

int scanf(const char *restrict format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    const int result = vfscanf(stdin, format, arguments);
    va_end(arguments);
    return result;
}

int vscanf(const char *restrict format, va_list arguments)
{
    return vfscanf(stdin, format, arguments);
}

int puts(const char *text)
{
    return fputs(text, stdout) < 0 || fputc('\n', stdout) < 0 ? EOF : 0;
}

int putchar(int character)
{
    return fputc(character, stdout);
}

int putchar_unlocked(int character)
{
    return fputc(character, stdout);
}

int getchar(void)
{
    return fgetc(stdin);
}

int getchar_unlocked(void)
{
    return fgetc(stdin);
}

void perror(const char *prefix)
{
    const char *reason = strerror(errno);

    if (prefix != NULL && *prefix != '\0') {
        fprintf(stderr, "%s: %s\n", prefix, reason);
    } else {
        fprintf(stderr, "%s\n", reason);
    }
}

/* dprintf(3), vdprintf(3). Errors: as write(2); ENOMEM. */
int dprintf(int fd, const char *restrict format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    const int result = vdprintf(fd, format, arguments);
    va_end(arguments);
    return result;
}

int vdprintf(int fd, const char *restrict format, va_list arguments)
{
    char *text = NULL;
    struct stream stream = {.fd = fd, .flags = O_WRONLY};
    const int length = vasprintf(&text, format, arguments);

    if (length < 0) {
        return -1;
    }
    const ssize_t n = write_stream(&stream, text, (size_t)length);
    free(text);
    return n < 0 ? -1 : length;
}

/* The name of a temporary file that is not there, in `name`. Returns whether
 * there is one. */
static bool make_name(char name[L_tmpnam])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
    unsigned char random[8];

    for (int tries = 0; tries < 100; tries++) {
        if (getentropy(random, sizeof(random)) < 0) {
            return false;
        }
        memcpy(name, "/tmp/ws_", 8);
        for (size_t i = 0; i < sizeof(random); i++) {
            name[8 + i] = letters[random[i] % 32];
        }
        name[16] = '\0';
        if (access(name, F_OK) < 0) {
            return true;
        }
    }
    return false;
}

/* tmpnam(3), tmpfile(3), in /tmp, which the host must give.
 * Errors: as open(2). */
char *tmpnam(char *name)
{
    static char own[L_tmpnam];

    if (name == NULL) {
        name = own;
    }
    return make_name(name) ? name : NULL;
}

FILE *tmpfile(void)
{
    char name[L_tmpnam];
    const int fd =
        make_name(name) ? open(name, O_RDWR | O_CREAT | O_EXCL, 0600) : -1;

    if (fd < 0) {
        return NULL;
    }
    unlink(name);
    return own_stream_of(fd, O_RDWR);
}

/* popen(3), pclose(3): there are no other programs. Errors: ENOSYS; ECHILD. */
FILE *popen(const char *command, const char *mode)
{
    (void)command;
    (void)mode;
    errno = ENOSYS;
    return NULL;
}

int pclose(FILE *stream)
{
    (void)stream;
    errno = ECHILD;
    return -1;
}

WASOCK_BSD_PLAIN(pclose);
WASOCK_BSD_PLAIN(popen);
WASOCK_BSD_PLAIN(tmpfile);
WASOCK_BSD_PLAIN(tmpnam);
