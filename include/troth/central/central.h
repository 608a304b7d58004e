/*
 * central - `troth central`, the daemon that orders and judges everything.
 */
#ifndef TROTH_CENTRAL_CENTRAL_H
#define TROTH_CENTRAL_CENTRAL_H

/* Runs it; argv[0] is the command's name. Returns the exit code (daemon.h). */
int troth_central_main(int argc, char **argv);

#endif
