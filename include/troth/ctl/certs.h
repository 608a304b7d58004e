/*
 * certs - `troth certs`: the federation's certificates, from the first root to
 * the last revocation.
 *
 * What makes or signs something runs the script certs/pki.sh, so that an
 * officer can read every step; what looks and judges is done here, by the same
 * code with which the daemons judge.
 */
#ifndef TROTH_CTL_CERTS_H
#define TROTH_CTL_CERTS_H

/*
 * Runs `troth certs`; argv[0] is the program's name, argv[1] the subcommand.
 * Returns the exit code: 0 done, 1 it is not well (a problem was found, the
 * script refused), 2 the command cannot be understood or run. A subcommand that
 * is the script's replaces the process and does not return.
 */
int troth_ctl_certs(int argc, char **argv);

#endif
