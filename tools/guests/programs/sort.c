/*
 * Sorts the lines of the input bytewise and ends each with a newline, also a last one that had none. Merge sort, bottom
 * up, over descriptions of lines; the first four bytes of a line decide most comparisons.
 */
#include "runtime.h"

struct line {
    const uint8_t *start;
    uint32_t length;
    uint32_t prefix; /* big-endian, padded with zeros: a smaller prefix means a smaller line */
};

static struct line describe(const uint8_t *start, size_t length) {
    uint32_t prefix = 0;
    for (size_t i = 0; i < 4; i++) prefix = prefix << 8 | (i < length ? start[i] : 0);
    return (struct line){ start, (uint32_t)length, prefix };
}

static int in_order(const struct line *left, const struct line *right) {
    if (left->prefix != right->prefix) return left->prefix < right->prefix;
    uint32_t common = left->length < right->length ? left->length : right->length;
    int difference = memcmp(left->start, right->start, common);
    return difference != 0 ? difference < 0 : left->length <= right->length;
}

enum { BLOCK = 8 };

static void sort_block(struct line *lines, size_t count) {
    for (size_t i = 1; i < count; i++) {
        struct line moving = lines[i];
        size_t at = i;
        for (; at > 0 && !in_order(&lines[at - 1], &moving); at--) lines[at] = lines[at - 1];
        lines[at] = moving;
    }
}

static void merge(const struct line *from, struct line *to, size_t start, size_t middle, size_t end) {
    size_t left = start, right = middle;
    for (size_t at = start; at < end; at++) {
        int take_left = right == end || (left < middle && in_order(&from[left], &from[right]));
        to[at] = from[take_left ? left++ : right++];
    }
}

static size_t smaller(size_t left, size_t right) {
    return left < right ? left : right;
}

static const struct line *sort(struct line *lines, struct line *spare, size_t count) {
    for (size_t start = 0; start < count; start += BLOCK) sort_block(lines + start, smaller(BLOCK, count - start));
    for (size_t width = BLOCK; width < count; width *= 2) {
        for (size_t start = 0; start < count; start += 2 * width) {
            merge(lines, spare, start, smaller(start + width, count), smaller(start + 2 * width, count));
        }
        struct line *swap = lines;
        lines = spare;
        spare = swap;
    }
    return lines;
}

int main(void) {
    struct input input = read_all();
    size_t count = 0;
    for (size_t i = 0; i < input.length; i++) count += input.bytes[i] == '\n';
    if (input.length != 0 && input.bytes[input.length - 1] != '\n') count++;

    struct line *lines = allocate(count * sizeof *lines);
    const uint8_t *start = input.bytes;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *end = start;
        while (end < input.bytes + input.length && *end != '\n') end++;
        lines[i] = describe(start, (size_t)(end - start));
        start = end + 1;
    }
    const struct line *sorted = sort(lines, allocate(count * sizeof *lines), count);
    for (size_t i = 0; i < count; i++) {
        write_bytes(sorted[i].start, sorted[i].length);
        write_byte('\n');
    }
    return EXIT_DONE;
}
