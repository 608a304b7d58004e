/*
 * replay - `troth replay` and `troth replay-run`: real orders or cases of the past,
 * and what became of them, told to a federation in the order in which it happened.
 *
 * `troth replay SET DIR` speaks to a federation that runs, with simulated
 * clocks; `troth replay-run` makes one, replays into it, asks it what became of
 * every promise, and throws it away. doc/replay.md tells what stands for what.
 */
#ifndef TROTH_CTL_REPLAY_H
#define TROTH_CTL_REPLAY_H

/*
 * Both run a command; argv[0] is its name. They return the exit code: 0 done, 1
 * a node refused or could not be reached, 2 the command line or the files are
 * unusable.
 */
int troth_ctl_replay(int argc, char **argv);
int troth_ctl_replay_run(int argc, char **argv);

#endif
