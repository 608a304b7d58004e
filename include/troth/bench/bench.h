/*
 * bench - how fast this troth is on this machine, beside what the machine can do.
 *
 * Each measure stands next to a raw limit (fsync, LMDB, TLS) that was measured
 * in the same run, because only ratios mean something on a shared machine.
 */
#ifndef TROTH_BENCH_BENCH_H
#define TROTH_BENCH_BENCH_H

/* `troth bench`: exit code 0 measured, 1 a measure failed, 2 usage. */
int troth_bench_main(int argc, char **argv);

#endif
