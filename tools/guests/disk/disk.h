/*
 * Blocks of 512 bytes that the host keeps: the program's side of @commute/disk. Requests go to the output, answers come on the
 * input, so a program that uses these functions reads and writes by nothing else, but for report() and leave().
 */
#ifndef COMMUTE_DISK_H
#define COMMUTE_DISK_H

#include <stddef.h>
#include <stdint.h>

enum { BLOCK_BYTES = 512 };

/* `to` and `from` are aligned to 4 and have 512 bytes. */
void disk_read(uint32_t block, void *to);
void disk_write(uint32_t block, const void *from);

/* Moves up to `length` bytes of input to `to`, which is aligned to 4 and has room for a multiple of 4. Fewer only at the end. Returns how many. */
size_t disk_take(void *to, size_t length);

/* Appends bytes, aligned to 4, to the output. */
void disk_put(const void *from, size_t length);

#endif
