/*
 * demo - the story that must never happen again, played through real processes.
 *
 * `troth demo` starts central and three gateways on loopback and plays it; each
 * step says who saw it, after how long. It stays up until Ctrl-C, with addresses
 * to try; `--once` ends after the story. Exit code 0 only if every step held.
 */
#ifndef TROTH_CTL_DEMO_H
#define TROTH_CTL_DEMO_H

int troth_ctl_demo(int argc, char **argv);

#endif
