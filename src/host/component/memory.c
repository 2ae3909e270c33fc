/* SPDX-License-Identifier: MIT */
/*
 * memory.c - memory for the results of host calls, and pages.
 *
 * There is no heap. The host asks cabi_realloc for the memory of every list and
 * string that it returns; callers set the target before, so that data lands in
 * the user's buffer.
 */
#include "component.h"

/* A libc allocates what its own host calls return and frees it later. Weak:
 * it is not linked for this. */
extern void *malloc(size_t n_bytes) __attribute__((weak));
extern void *realloc(void *old, size_t n_bytes) __attribute__((weak));
extern void free(void *memory) __attribute__((weak));

enum landing {
    LANDING_NONE, /* the call of a libc, or of an adapter */
    LANDING_PIECES,
    LANDING_KEPT
};

static struct {
    uint8_t *next;
    uint8_t *end;
} pieces[2], kept, spill;
static uint8_t *spill_start;
static uint8_t *first_spill;
static enum landing landing;

/* An allocator that starts later takes all memory there is for its own. */
static void start_allocator(void)
{
    static bool is_started;

    if (!is_started && malloc != NULL && free != NULL) {
        is_started = true;
        free(malloc(1));
    }
}

void *wasock__grow(size_t n_pages)
{
    start_allocator();
    const size_t old_pages = __builtin_wasm_memory_grow(0, n_pages);

    if (old_pages == SIZE_MAX) {
        return NULL;
    }
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): addresses begin at 0 */
    return (void *)(old_pages * WASOCK__PAGE_BYTES);
}

void wasock__land_release(void *memory)
{
    const uintptr_t place = (uintptr_t)memory;

    /* A heap between two spills cannot be detected: leak. */
    if (free != NULL &&
        (place < (uintptr_t)first_spill || place >= (uintptr_t)spill.end)) {
        free(memory);
    }
}

static size_t n_pages_of(size_t n_bytes)
{
    return (n_bytes / WASOCK__PAGE_BYTES) + (n_bytes % WASOCK__PAGE_BYTES != 0);
}

void *wasock__keep(size_t n_bytes)
{
    n_bytes = (n_bytes + 7) / 8 * 8;
    if (n_bytes > (size_t)(kept.end - kept.next)) {
        const size_t n_pages = n_pages_of(n_bytes);
        uint8_t *memory = (uint8_t *)wasock__grow(n_pages);
        if (memory == NULL) {
            return NULL;
        }
        if (memory != kept.end) {
            kept.next = memory;
        }
        kept.end = memory + (n_pages * WASOCK__PAGE_BYTES);
    }
    void *memory = kept.next;
    kept.next += n_bytes;
    return memory;
}

void wasock__land(struct wasock__piece first, struct wasock__piece second)
{
    landing = LANDING_PIECES;
    pieces[0].next = (uint8_t *)first.data;
    pieces[0].end = pieces[0].next + first.capacity;
    pieces[1].next = (uint8_t *)second.data;
    pieces[1].end = pieces[1].next + second.capacity;
    spill.next = spill_start;
}

void wasock__land_kept(void)
{
    landing = LANDING_KEPT;
}

void wasock__land_end(void)
{
    landing = LANDING_NONE;
}

/* Take memory of a piece. NULL: it has no room. */
static void *take(unsigned index, size_t alignment, size_t n_bytes)
{
    const size_t misalignment = (uintptr_t)pieces[index].next % alignment;
    const size_t padding = misalignment == 0 ? 0 : alignment - misalignment;
    const size_t room = (size_t)(pieces[index].end - pieces[index].next);

    if (padding > room || n_bytes > room - padding) {
        return NULL;
    }
    uint8_t *memory = pieces[index].next + padding;
    pieces[index].next = memory + n_bytes;
    return memory;
}

/* Memory until the next landing: the text of an error may be long. */
static void *take_spill(size_t n_bytes)
{
    n_bytes = (n_bytes + 7) / 8 * 8;
    if (n_bytes > (size_t)(spill.end - spill.next)) {
        const size_t n_pages = n_pages_of(n_bytes);
        spill_start = (uint8_t *)wasock__grow(n_pages);
        if (spill_start == NULL) {
            return NULL;
        }
        if (first_spill == NULL) {
            first_spill = spill_start;
        }
        spill.next = spill_start;
        spill.end = spill_start + (n_pages * WASOCK__PAGE_BYTES);
    }
    void *memory = spill.next;
    spill.next += n_bytes;
    return memory;
}

static void *allocate(size_t alignment, size_t n_bytes)
{
    void *memory = NULL;

    switch (landing) {
    case LANDING_PIECES:
        memory = take(0, alignment, n_bytes);
        if (memory == NULL) {
            memory = take(1, alignment, n_bytes);
        }
        return memory != NULL ? memory : take_spill(n_bytes);
    case LANDING_KEPT:
        return wasock__keep(n_bytes);
    case LANDING_NONE:
    default:
        return malloc != NULL ? malloc(n_bytes) : wasock__keep(n_bytes);
    }
}

/* The canonical ABI's allocator. The host takes any answer for memory. */
__attribute__((__export_name__("cabi_realloc"))) void *
cabi_realloc(void *old, size_t old_bytes, size_t alignment, size_t n_bytes);

void *cabi_realloc(void *old, size_t old_bytes, size_t alignment,
                   size_t n_bytes)
{
    if (landing == LANDING_NONE && old_bytes > 0 && realloc != NULL) {
        return realloc(old, n_bytes);
    }
    void *memory = allocate(alignment, n_bytes);
    if (memory == NULL && n_bytes > 0) {
        __builtin_trap();
    }
    const size_t n_copied = old_bytes < n_bytes ? old_bytes : n_bytes;
    if (n_copied > 0) {
        __builtin_memcpy(memory, old, n_copied);
    }
    return memory;
}
