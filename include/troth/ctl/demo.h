/*
 * demo - the story that must never happen again, played through real processes.
 *
 * `troth demo` starts central and three gateways on loopback and plays it; each
 * step says who saw it, after how long. It stays up until Ctrl-C, with addresses
 * to try; `--once` ends after the story. Exit code 0 only if every step held; a signal
 * that comes before the story has ended stops all of it at once, and the exit code is
 * 128 and the signal's number (130 for Ctrl-C).
 */
#ifndef TROTH_CTL_DEMO_H
#define TROTH_CTL_DEMO_H

int troth_ctl_demo(int argc, char **argv);

#endif
