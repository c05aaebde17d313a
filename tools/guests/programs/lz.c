/*
 * Decompresses the LZ4 frames of the input (LZ4 Frame Format 1.6, LZ4 Block Format), one after the other, and verifies
 * all their checksums. Skippable frames are skipped. Dictionaries are not supported.
 *
 * Output is written block by block; on an error what was decompressed before stays written, a message goes to the error
 * output, and the exit code tells the reason.
 */
#include "runtime.h"

enum {
    EXIT_NOT_A_FRAME = 2, /* the magic number is another one */
    EXIT_UNSUPPORTED = 3, /* another version, a reserved bit or size, a dictionary */
    EXIT_TRUNCATED = 4,   /* the input ends inside a frame */
    EXIT_DAMAGED = 5,     /* a checksum or a size is wrong, or a block is malformed */
};

enum { WINDOW = 65536 };

static _Noreturn void fail(int exit_code, const char *reason) {
    report("lz: ");
    report(reason);
    report("\n");
    leave(exit_code);
}

/* xxHash32 with seed 0 over bytes that come in pieces (xxHash fast digest algorithm, version 0.1.1). */
static const uint32_t PRIME1 = 0x9e3779b1, PRIME2 = 0x85ebca77, PRIME3 = 0xc2b2ae3d, PRIME4 = 0x27d4eb2f, PRIME5 = 0x165667b1;

struct checksum {
    uint32_t lanes[4];
    uint8_t pending[16];
    uint32_t pending_length;
    uint32_t total; /* modulo 2^32 */
    int long_input;
};

static uint32_t rotate_left(uint32_t value, int count) {
    return value << count | value >> (32 - count);
}

static uint32_t read_word(const uint8_t *at) {
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void checksum_start(struct checksum *sum) {
    memset(sum, 0, sizeof *sum);
    sum->lanes[0] = PRIME1 + PRIME2;
    sum->lanes[1] = PRIME2;
    sum->lanes[3] = 0 - PRIME1;
}

static void checksum_stripe(struct checksum *sum, const uint8_t *stripe) {
    for (int i = 0; i < 4; i++) {
        sum->lanes[i] = rotate_left(sum->lanes[i] + read_word(stripe + 4 * i) * PRIME2, 13) * PRIME1;
    }
    sum->long_input = 1;
}

static void checksum_add(struct checksum *sum, const uint8_t *bytes, size_t length) {
    sum->total += (uint32_t)length;
    if (sum->pending_length != 0) {
        while (length != 0 && sum->pending_length < 16) {
            sum->pending[sum->pending_length++] = *bytes++;
            length--;
        }
        if (sum->pending_length < 16) return;
        checksum_stripe(sum, sum->pending);
        sum->pending_length = 0;
    }
    for (; length >= 16; length -= 16, bytes += 16) checksum_stripe(sum, bytes);
    memcpy(sum->pending, bytes, length);
    sum->pending_length = (uint32_t)length;
}

static uint32_t checksum_end(const struct checksum *sum) {
    uint32_t hash = PRIME5;
    if (sum->long_input) {
        hash = rotate_left(sum->lanes[0], 1) + rotate_left(sum->lanes[1], 7) + rotate_left(sum->lanes[2], 12) +
               rotate_left(sum->lanes[3], 18);
    }
    hash += sum->total;
    uint32_t i = 0;
    for (; i + 4 <= sum->pending_length; i += 4) {
        hash = rotate_left(hash + read_word(sum->pending + i) * PRIME3, 17) * PRIME4;
    }
    for (; i < sum->pending_length; i++) hash = rotate_left(hash + sum->pending[i] * PRIME5, 11) * PRIME1;
    hash = (hash ^ hash >> 15) * PRIME2;
    hash = (hash ^ hash >> 13) * PRIME3;
    return hash ^ hash >> 16;
}

static uint32_t checksum_of(const uint8_t *bytes, size_t length) {
    struct checksum sum;
    checksum_start(&sum);
    checksum_add(&sum, bytes, length);
    return checksum_end(&sum);
}

/* Reads exactly `length` bytes. */
static void take(void *to, size_t length) {
    if (read_bytes(to, length) != length) fail(EXIT_TRUNCATED, "the input ends inside a frame");
}

static uint32_t take_word(void) {
    uint8_t bytes[4];
    take(bytes, 4);
    return read_word(bytes);
}

/* A length that continues in bytes as long as they are 255. */
static size_t extended(size_t length, const uint8_t **at, const uint8_t *end) {
    if (length != 15) return length;
    uint8_t byte;
    do {
        if (*at == end) fail(EXIT_DAMAGED, "a block ends inside a length");
        byte = *(*at)++;
        length += byte;
    } while (byte == 255);
    return length;
}

/*
 * Decompresses one block to `start`, before which `history` bytes may be referred to. Returns the end of the output,
 * at most `limit`.
 */
static uint8_t *decompress(const uint8_t *at, const uint8_t *end, uint8_t *start, size_t history, uint8_t *limit) {
    uint8_t *output = start;
    for (;;) {
        if (at == end) fail(EXIT_DAMAGED, "a block ends without literals");
        uint8_t token = *at++;
        size_t literals = extended(token >> 4, &at, end);
        if (literals > (size_t)(end - at)) fail(EXIT_DAMAGED, "a block ends inside literals");
        if (literals > (size_t)(limit - output)) fail(EXIT_DAMAGED, "a block is larger than its frame allows");
        memcpy(output, at, literals);
        output += literals;
        at += literals;
        if (at == end) return output;
        if (end - at < 2) fail(EXIT_DAMAGED, "a block ends inside an offset");
        size_t offset = at[0] | (size_t)at[1] << 8;
        at += 2;
        if (offset == 0 || offset > (size_t)(output - start) + history) fail(EXIT_DAMAGED, "an offset leads out");
        size_t length = extended(token & 15, &at, end) + 4;
        if (length > (size_t)(limit - output)) fail(EXIT_DAMAGED, "a block is larger than its frame allows");
        for (const uint8_t *from = output - offset; length != 0; length--) *output++ = *from++;
    }
}

struct frame {
    int linked_blocks, block_checksums, has_size, content_checksum;
    size_t block_maximum;
    uint64_t size;
};

static struct frame read_header(void) {
    uint8_t header[15];
    take(header, 2);
    uint8_t flags = header[0], block = header[1];
    if (flags >> 6 != 1) fail(EXIT_UNSUPPORTED, "another version of the format");
    if ((flags & 2) != 0 || (block & 0x8f) != 0 || block < 0x40) fail(EXIT_UNSUPPORTED, "a reserved bit or size");
    if ((flags & 1) != 0) fail(EXIT_UNSUPPORTED, "a dictionary is needed");
    struct frame frame = {
        .linked_blocks = (flags & 0x20) == 0,
        .block_checksums = (flags & 0x10) != 0,
        .has_size = (flags & 8) != 0,
        .content_checksum = (flags & 4) != 0,
        .block_maximum = (size_t)1 << (8 + 2 * (block >> 4)),
    };
    size_t length = 2;
    if (frame.has_size) {
        take(header + length, 8);
        frame.size = (uint64_t)read_word(header + 6) << 32 | read_word(header + 2);
        length += 8;
    }
    uint8_t expected;
    take(&expected, 1);
    if ((checksum_of(header, length) >> 8 & 255) != expected) fail(EXIT_DAMAGED, "wrong checksum of a header");
    return frame;
}

static uint8_t *block_buffer, *window;
static size_t buffer_maximum;

/* The buffers serve all frames; they are made anew only for a frame with larger blocks. */
static void prepare(size_t block_maximum) {
    if (block_maximum <= buffer_maximum) return;
    block_buffer = allocate(block_maximum);
    window = allocate(WINDOW + block_maximum);
    buffer_maximum = block_maximum;
}

static void decompress_frame(void) {
    struct frame frame = read_header();
    struct checksum sum;
    checksum_start(&sum);
    prepare(frame.block_maximum);
    size_t history = 0; /* bytes before `window` + WINDOW that are the end of the output so far */
    uint64_t written = 0;
    for (uint32_t size; (size = take_word()) != 0;) {
        int stored = (int)(size >> 31);
        size &= 0x7fffffff;
        if (size > frame.block_maximum) fail(EXIT_DAMAGED, "a block is larger than its frame allows");
        take(block_buffer, size);
        if (frame.block_checksums && take_word() != checksum_of(block_buffer, size)) {
            fail(EXIT_DAMAGED, "wrong checksum of a block");
        }
        uint8_t *start = window + WINDOW, *end;
        if (stored) {
            memcpy(start, block_buffer, size);
            end = start + size;
        } else {
            end = decompress(block_buffer, block_buffer + size, start, history, start + frame.block_maximum);
        }
        write_bytes(start, (size_t)(end - start));
        written += (uint64_t)(end - start);
        if (frame.content_checksum) checksum_add(&sum, start, (size_t)(end - start));
        if (frame.linked_blocks) {
            history += (size_t)(end - start);
            if (history > WINDOW) history = WINDOW;
            memmove(start - history, end - history, history);
        }
    }
    if (frame.content_checksum && take_word() != checksum_end(&sum)) fail(EXIT_DAMAGED, "wrong checksum of the content");
    if (frame.has_size && written != frame.size) fail(EXIT_DAMAGED, "the content has another size");
}

static void skip_frame(void) {
    uint8_t byte;
    for (uint32_t length = take_word(); length != 0; length--) take(&byte, 1);
}

int main(void) {
    uint8_t magic[4];
    for (size_t length; (length = read_bytes(magic, 4)) != 0;) {
        if (length < 4) fail(EXIT_TRUNCATED, "the input ends inside a frame");
        uint32_t number = read_word(magic);
        if (number == 0x184d2204) decompress_frame();
        else if ((number & 0xfffffff0) == 0x184d2a50) skip_frame();
        else fail(EXIT_NOT_A_FRAME, "not an LZ4 frame");
    }
    return EXIT_DONE;
}
