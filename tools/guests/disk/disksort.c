/*
 * Sorts the input, unsigned numbers of four bytes, little-endian, by merging on the disk: memory holds RUN_BLOCKS blocks, whatever
 * the length of the input. Sorted runs lie one after the other from block 0, or from block SECOND, in turns.
 */
#include "disk.h"
#include "runtime.h"

enum { BLOCK_WORDS = BLOCK_BYTES / 4, RUN_BLOCKS = 8, RUN_WORDS = RUN_BLOCKS * BLOCK_WORDS };
static const uint32_t SECOND = UINT32_C(1) << 31;

static uint32_t run[RUN_WORDS];

/* Heap sort: in place, without a worst case. */
static void sift(uint32_t *heap, size_t at, size_t count) {
    uint32_t moving = heap[at];
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && heap[child + 1] > heap[child]) child++;
        if (heap[child] <= moving) break;
        heap[at] = heap[child];
    }
    heap[at] = moving;
}

static void sort(uint32_t *words, size_t count) {
    for (size_t at = count / 2; at-- > 0;) sift(words, at, count);
    for (size_t end = count; end-- > 1;) {
        uint32_t largest = words[0];
        words[0] = words[end];
        words[end] = largest;
        sift(words, 0, end);
    }
}

/* Words of a run that are read, or written, through one block of memory. */
struct stream {
    uint32_t *block;
    uint32_t first;  /* block on the disk at which word 0 of all lies */
    uint32_t next;   /* number of the next word */
    uint32_t end;    /* number after the last one */
};

static uint32_t peek(struct stream *stream) {
    return stream->block[stream->next % BLOCK_WORDS];
}

static void load(struct stream *stream) {
    if (stream->next < stream->end) disk_read(stream->first + stream->next / BLOCK_WORDS, stream->block);
}

static void advance(struct stream *stream) {
    stream->next++;
    if (stream->next % BLOCK_WORDS == 0) load(stream);
}

static void append(struct stream *stream, uint32_t word) {
    stream->block[stream->next % BLOCK_WORDS] = word;
    stream->next++;
    if (stream->next % BLOCK_WORDS == 0) disk_write(stream->first + stream->next / BLOCK_WORDS - 1, stream->block);
}

static uint32_t smaller(uint32_t left, uint32_t right) {
    return left < right ? left : right;
}

/* Two runs of up to `length` words each from word `start` on. All runs but the last are whole blocks. */
static void merge(uint32_t from, struct stream *to, uint32_t start, uint32_t length, uint32_t count) {
    uint32_t middle = smaller(start + length, count);
    struct stream left = { run, from, start, middle };
    struct stream right = { run + BLOCK_WORDS, from, middle, smaller(middle + length, count) };
    load(&left);
    load(&right);
    while (left.next < left.end || right.next < right.end) {
        int is_left = right.next == right.end || (left.next < left.end && peek(&left) <= peek(&right));
        struct stream *source = is_left ? &left : &right;
        append(to, peek(source));
        advance(source);
    }
}

int main(void) {
    uint32_t count = 0;
    for (size_t taken = sizeof run; taken == sizeof run;) {
        taken = 0;
        for (size_t part = BLOCK_BYTES; part == BLOCK_BYTES && taken < sizeof run; taken += part) {
            part = disk_take((uint8_t *)run + taken, BLOCK_BYTES);
        }
        if (taken % 4 != 0) return EXIT_REJECTED;
        sort(run, taken / 4);
        for (size_t at = 0; at < taken; at += BLOCK_BYTES) {
            disk_write((count + (uint32_t)at / 4) / BLOCK_WORDS, (uint8_t *)run + at);
        }
        count += (uint32_t)taken / 4;
    }
    uint32_t from = 0;
    for (uint32_t length = RUN_WORDS; length < count; length *= 2) {
        struct stream to = { run + 2 * BLOCK_WORDS, from ^ SECOND, 0, count };
        for (uint32_t start = 0; start < count; start += 2 * length) merge(from, &to, start, length, count);
        if (count % BLOCK_WORDS != 0) disk_write(to.first + count / BLOCK_WORDS, to.block);
        from ^= SECOND;
    }
    for (uint32_t at = 0; at < count; at += BLOCK_WORDS) {
        disk_read(from + at / BLOCK_WORDS, run);
        disk_put(run, 4 * (size_t)smaller(BLOCK_WORDS, count - at));
    }
    return EXIT_DONE;
}
