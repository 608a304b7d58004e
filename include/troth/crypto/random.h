/*
 * random - unpredictable bytes, cheap in small amounts.
 *
 * Ids and salts take some 26 bytes an event; a system call for each would cost
 * more than the event. Small requests are served from a block per thread that
 * the kernel filled; what was handed out is wiped from the block, and a child
 * process never sees its parent's block. Any thread.
 */
#ifndef TROTH_CRYPTO_RANDOM_H
#define TROTH_CRYPTO_RANDOM_H

#include <stddef.h>

/*
 * Fills `out` with `len` bytes from the kernel's generator. Waits, once after
 * boot, until the kernel has entropy; a kernel without a generator ends the
 * program, because nothing sensible can be done without one.
 */
void troth_random(void *out, size_t len);

#endif
