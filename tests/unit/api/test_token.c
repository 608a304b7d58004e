/* The first token: where it comes from, and what is never lost for it. */
#include "memkv.h"
#include "scratch.h"

#include "api/api.h"
#include "troth/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define TOKEN "trt_0123456789abcdefghjkmnpqrstvwxyz01234567"

static char dir[SCRATCH_MAX], path[SCRATCH_MAX];
static struct memkv_disk *disk;
static struct troth_kv *kv;

static int setup(void **state)
{
	struct troth_why why;

	(void)state;
	scratch_make(dir);
	scratch_path(path, dir, "admin.token");
	disk = memkv_disk_new();
	return memkv_open(&kv, disk, &troth_gateway_schema, &why) == TROTH_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	memkv_disk_free(disk);
	scratch_remove(dir);
	return 0;
}

static void write_file(const char *text, mode_t mode)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* What the file holds, cut to 127 bytes. */
static const char *file(void)
{
	static char text[128];
	FILE *f = fopen(path, "re");
	size_t len = f != NULL ? fread(text, 1, sizeof(text) - 1, f) : 0;

	assert_non_null(f);
	(void)fclose(f);
	text[len] = '\0';
	return text;
}

static enum troth_err first_start(struct troth_why *why)
{
	return troth_token_bootstrap(kv, path, (struct troth_time){ 1 }, why);
}

static bool is_managers(const char *text)
{
	struct troth_caller caller;
	struct troth_txn t;
	bool found;

	troth_txn_begin(&t, kv, TROTH_TXN_READ);
	found = troth_token_find(&t, text, &caller);
	troth_txn_abort(&t);
	return found && caller.scopes == TROTH_SCOPE_MANAGER;
}

static void the_first_start_makes_a_token_that_only_its_owner_reads(void **state)
{
	char text[TROTH_TOKEN_TEXT + 1];
	struct troth_why why;
	struct stat st;

	(void)state;
	assert_int_equal(first_start(&why), TROTH_OK);
	TROTH_TEXT_SET(text, file());
	assert_int_equal(text[strlen(text) - 1], '\n');
	text[strlen(text) - 1] = '\0';
	assert_true(is_managers(text));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0400);
	scratch_path(path, dir, "admin.token.new");
	assert_int_equal(access(path, F_OK), -1);
}

static void a_token_that_is_in_the_file_is_taken_and_stays(void **state)
{
	struct troth_why why;

	(void)state;
	write_file(TOKEN "\n", 0400);
	assert_int_equal(first_start(&why), TROTH_OK);
	assert_true(is_managers(TOKEN));
	assert_string_equal(file(), TOKEN "\n");
}

static enum memkv_fate fated(void *ctx, uint64_t writes, uint64_t bytes)
{
	(void)writes;
	(void)bytes;
	return *(enum memkv_fate *)ctx;
}

/* The file was written, and the power went before the commit. */
static void a_first_start_that_was_cut_off_is_gone_on_with(void **state)
{
	static enum memkv_fate fate = MEMKV_IO;
	char text[TROTH_TOKEN_TEXT + 1];
	struct troth_why why;

	(void)state;
	memkv_disk_on_commit(disk, fated, &fate);
	assert_int_equal(first_start(&why), TROTH_ERR_IO);
	TROTH_TEXT_SET(text, file());
	memkv_disk_on_commit(disk, NULL, NULL);
	memkv_crash(disk);
	assert_int_equal(memkv_open(&kv, disk, &troth_gateway_schema, &why), TROTH_OK);
	assert_int_equal(first_start(&why), TROTH_OK);
	assert_string_equal(file(), text);
	text[strcspn(text, "\n")] = '\0';
	assert_true(is_managers(text));
}

static void a_later_start_does_not_look_at_the_file(void **state)
{
	struct troth_why why;

	(void)state;
	assert_int_equal(first_start(&why), TROTH_OK);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(first_start(&why), TROTH_OK);
	assert_int_equal(access(path, F_OK), -1);
}

static void what_is_no_token_or_open_to_others_is_refused_and_left_alone(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		const char *why;
	} bad[] = {
		{ "", 0400, "holds no token" },
		{ "root:x:0:0:root:/root:/bin/bash\n", 0600, "holds no token" },
		{ "trt_0123456789abcdefghjkmnpqrstvwxyz0123456", 0400, "holds no token" },
		{ TOKEN "8\n", 0400, "holds no token" },
		{ "trt_0123456789abcdefghjkmnpqrstvwxyz0123456u", 0400,
		  "holds no token" },
		{ TOKEN "\n", 0440, "others may read it" },
		{ TOKEN "\n", 0404, "others may read it" },
	};

	(void)state;
	for (size_t i = 0; i < TROTH_LEN(bad); i++) {
		struct troth_why why = { "" };
		struct troth_txn t;

		write_file(bad[i].text, bad[i].mode);
		assert_int_equal(first_start(&why), TROTH_ERR_INPUT);
		assert_non_null(strstr(why.text, path));
		assert_non_null(strstr(why.text, bad[i].why));
		assert_string_equal(file(), bad[i].text);
		troth_txn_begin(&t, kv, TROTH_TXN_READ);
		assert_int_equal(troth_txn_count(&t, TROTH_T_TOKENS), 0);
		troth_txn_abort(&t);
		assert_int_equal(unlink(path), 0);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_start_makes_a_token_that_only_its_owner_reads),
		TEST(a_token_that_is_in_the_file_is_taken_and_stays),
		TEST(a_first_start_that_was_cut_off_is_gone_on_with),
		TEST(a_later_start_does_not_look_at_the_file),
		TEST(what_is_no_token_or_open_to_others_is_refused_and_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
