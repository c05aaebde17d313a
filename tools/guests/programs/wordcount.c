/*
 * Counts lines, words and bytes, and lists the ten most frequent words: more frequent ones first, equally frequent ones
 * bytewise. A word is a run of letters, digits and bytes from 0x80 on; capital ASCII letters count as small ones.
 */
#include "runtime.h"

enum { LISTED = 10 };

struct word {
    struct word *next;
    const uint8_t *bytes;
    uint32_t length;
    uint32_t hash;
    uint32_t count;
};

static struct word **table;
static uint32_t table_size; /* a power of two */
static uint32_t distinct;

/* Doubles the table when there are as many words as places. */
static void grow(void) {
    uint32_t size = table_size == 0 ? 256 : 2 * table_size;
    struct word **larger = allocate(size * sizeof *larger);
    for (uint32_t i = 0; i < table_size; i++) {
        for (struct word *word = table[i], *next; word != NULL; word = next) {
            next = word->next;
            word->next = larger[word->hash & (size - 1)];
            larger[word->hash & (size - 1)] = word;
        }
    }
    table = larger;
    table_size = size;
}

static void count(const uint8_t *bytes, uint32_t length, uint32_t hash) {
    if (distinct == table_size) grow();
    struct word **place = &table[hash & (table_size - 1)];
    for (struct word *word = *place; word != NULL; word = word->next) {
        if (word->hash == hash && word->length == length && memcmp(word->bytes, bytes, length) == 0) {
            word->count++;
            return;
        }
    }
    struct word *word = allocate(sizeof *word);
    *word = (struct word){ *place, bytes, length, hash, 1 };
    *place = word;
    distinct++;
}

static int listed_before(const struct word *left, const struct word *right) {
    if (left->count != right->count) return left->count > right->count;
    int difference = memcmp(left->bytes, right->bytes, left->length < right->length ? left->length : right->length);
    return difference != 0 ? difference < 0 : left->length < right->length;
}

static void write_count(const char *name, uint64_t value) {
    write_text(name);
    write_unsigned(value);
    write_byte('\n');
}

int main(void) {
    struct input input = read_all();
    uint32_t lines = 0, words = 0;
    for (size_t i = 0; i < input.length;) {
        size_t start = i;
        uint32_t hash = 0;
        for (; i < input.length; i++) {
            uint8_t byte = input.bytes[i];
            if (byte >= 'A' && byte <= 'Z') input.bytes[i] = byte |= 0x20;
            else if (!((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte >= 0x80)) break;
            hash = (hash << 5 | hash >> 27) ^ byte; /* spread by the shifts and additions below */
        }
        if (i > start) {
            hash += hash << 3;
            hash ^= hash >> 11;
            hash += hash << 15;
            count(input.bytes + start, (uint32_t)(i - start), hash);
            words++;
        } else {
            lines += input.bytes[i++] == '\n';
        }
    }
    write_count("lines ", lines);
    write_count("words ", words);
    write_count("bytes ", input.length);
    write_count("distinct ", distinct);

    const struct word *first[LISTED];
    uint32_t listed = 0;
    for (uint32_t i = 0; i < table_size; i++) {
        for (const struct word *word = table[i]; word != NULL; word = word->next) {
            uint32_t at = listed < LISTED ? listed++ : LISTED;
            if (at == LISTED) {
                if (!listed_before(word, first[LISTED - 1])) continue;
                at = LISTED - 1;
            }
            for (; at > 0 && listed_before(word, first[at - 1]); at--) first[at] = first[at - 1];
            first[at] = word;
        }
    }
    for (uint32_t i = 0; i < listed; i++) {
        write_unsigned(first[i]->count);
        write_byte(' ');
        write_bytes(first[i]->bytes, first[i]->length);
        write_byte('\n');
    }
    return EXIT_DONE;
}
