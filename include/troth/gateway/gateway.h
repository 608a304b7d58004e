/*
 * gateway - `troth gateway`, the daemon of one site of one party.
 */
#ifndef TROTH_GATEWAY_GATEWAY_H
#define TROTH_GATEWAY_GATEWAY_H

/* Runs it; argv[0] is the command's name. Returns the exit code (daemon.h). */
int troth_gateway_main(int argc, char **argv);

#endif
