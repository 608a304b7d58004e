/*
 * cli - the commands that talk to a node: `troth promise make ...`.
 *
 * Where the node is and who asks comes from --api and --token-file, or from
 * TROTH_API and TROTH_TOKEN_FILE. Exit codes: 0 done; 1 refused, or no answer;
 * 2 usage.
 */
#ifndef TROTH_CTL_CLI_H
#define TROTH_CTL_CLI_H

/* argv[0] is the noun: order, case, promise, pool, ask, ... */
int troth_ctl_cli(int argc, char **argv);

/* argv[0] is policy: the noun with `check` and `diff`, which need no node or two texts.
 */
int troth_ctl_policy(int argc, char **argv);

/* argv[0] is the whole command: status, suspend, resume. */
int troth_ctl_plain(int argc, char **argv);

#endif
