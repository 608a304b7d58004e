/*
 * certs_native - the parts of `troth certs` that look and judge. Private to ctl.
 */
#ifndef TROTH_SRC_CTL_CERTS_NATIVE_H
#define TROTH_SRC_CTL_CERTS_NATIVE_H

#include "troth/base/time.h"

/*
 * Judges the node's certificate directory `dir` at the instant `at` and prints a
 * line for each problem, with the file's name, to stdout. `domain` may be NULL:
 * then it is the one that issuing.pem is confined to. Returns 0 if all is well,
 * 1 if there is a problem, 2 if `dir` cannot be looked at.
 */
int troth_certs_check(const char *dir, const char *domain, struct troth_time at);

/*
 * Prints what the certificates and revocation lists in `path` say: a PEM file,
 * or a directory of which the files of trust.h are shown. Believes nothing and
 * judges nothing. Returns 0, or 2 with a line on stderr.
 */
int troth_certs_show(const char *path);

#endif
