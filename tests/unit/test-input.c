#include "config.h"

#include <errno.h>

#include "input-tap.h"

/* Check all rows of the input, and what it says that their number is. */
static void check(const char *wanted, const char *what)
{
	auto_buf struct buf b = BUF_INIT;
	uint64_t total = 0;
	uint64_t n = 0;

	if (!open_all())
		return;

	bool known = input_total(&in, &total);

	ok(take(&b) == INPUT_END, "%s: ends", what);
	is_str(b.data, wanted, "%s", what);
	for (const char *c = wanted; (c = strchr(c, '|')); c++)
		n++;
	ok(known && total == n, "%s: %llu of %llu rows are foretold", what,
	   (unsigned long long)total, (unsigned long long)n);
	ok(take(&b) == INPUT_END && strcmp(b.data, wanted) == 0, "%s: stays ended", what);
	input_clear(&in);
}

/* The same of one file with this text. */
static void check_file(struct input_options options, const char *data, size_t len,
		       const char *wanted, const char *what)
{
	struct text t = text_of(data, len);

	input_init(&in, &options);
	(void)input_add_file(&in, INPUT_PRODUCT, t.name);
	check(wanted, what);
	(void)fd_close(t.fd);
}

static void test_items(void)
{
	struct input_options options = lines;

	check_file(options, "a\nb\n", 4, "a|b|", "lines");
	check_file(options, "a\nb", 3, "a|b|", "a last line without an end");
	check_file(options, "\na\n\n", 4, "|a||", "empty lines");
	check_file(options, "", 0, "", "an empty file");
	check_file(options, "\n", 1, "|", "one empty line");
	check_file(options, "a\r\n b \n", 7, "a\r| b |", "blanks and CR");
	check_file(options, "a\0b\nc\n", 6, "a\\0b!nul|c|", "a NUL in a line");
	options.separator = '\0';
	check_file(options, "a\nb\0c\0", 6, "a\nb|c|", "NUL between items");
	options.separator = ',';
	check_file(options, "a,b\n", 4, "a|b\n|", "commas");
}

static void test_words(void)
{
	input_init(&in, &lines);
	(void)input_add_words(&in, INPUT_PRODUCT, WORDS("a", "", "b\nc"));
	ok(!input_uses_stdin(&in), "words are not stdin");
	check("a||b\nc|", "words as they are");

	input_init(&in, &lines);
	(void)input_add_words(&in, INPUT_PRODUCT, NULL, 0);
	check("", "no words");
}

static void test_product(void)
{
	struct text t = text("x\ny");
	struct text empty = text("");

	input_init(&in, &lines);
	(void)input_add_words(&in, INPUT_PRODUCT, WORDS("a", "b"));
	(void)input_add_words(&in, INPUT_PRODUCT, WORDS("1", "2"));
	check("a 1|a 2|b 1|b 2|", "a product of words");

	input_init(&in, &lines);
	(void)input_add_file(&in, INPUT_PRODUCT, t.name);
	(void)input_add_words(&in, INPUT_PRODUCT, WORDS("1", "2"));
	(void)input_add_file(&in, INPUT_PRODUCT, t.name);
	check("x 1 x|x 1 y|x 2 x|x 2 y|y 1 x|y 1 y|y 2 x|y 2 y|", "a product with files");

	input_init(&in, &lines);
	(void)input_add_words(&in, INPUT_PRODUCT, WORDS("a", "b"));
	(void)input_add_file(&in, INPUT_PRODUCT, empty.name);
	check("", "a product with nothing");

	input_init(&in, &lines);
	(void)input_add_file(&in, INPUT_PRODUCT, empty.name);
	(void)input_add_words(&in, INPUT_PRODUCT, WORDS("a", "b"));
	check("", "a product of nothing");
	(void)fd_close(empty.fd);
	(void)fd_close(t.fd);
}

static void test_linked(void)
{
	struct text t = text("x\ny\nz\n");

	input_init(&in, &lines);
	is_int(input_add_words(&in, INPUT_LINKED, WORDS("a")), -EINVAL,
	       "nothing to be linked to");
	(void)input_add_words(&in, INPUT_PRODUCT, WORDS("a", "b", "c"));
	(void)input_add_words(&in, INPUT_LINKED, WORDS("1", "2"));
	check("a 1|b 2|", "linked words end with the shorter");

	input_init(&in, &lines);
	(void)input_add_words(&in, INPUT_PRODUCT, WORDS("a", "b"));
	(void)input_add_file(&in, INPUT_PRODUCT, t.name);
	(void)input_add_words(&in, INPUT_LINKED, WORDS("1", "2"));
	check("a x 1|a y 2|b x 1|b y 2|", "a product with linked ones");

	input_init(&in, &lines);
	(void)input_add_file(&in, INPUT_PRODUCT, t.name);
	(void)input_add_file(&in, INPUT_LINKED, t.name);
	(void)input_add_words(&in, INPUT_PRODUCT, WORDS("1", "2"));
	check("x x 1|x x 2|y y 1|y y 2|z z 1|z z 2|", "linked ones that are not kept");
	(void)fd_close(t.fd);
}

/* The columns of one word. */
static void check_columns(const char *expression, const char *word, const char *wanted)
{
	struct input_options options = lines;
	regex_t column;

	if (!ok(regcomp(&column, expression, REG_EXTENDED) == 0, "%s", expression))
		return;
	options.column = &column;
	input_init(&in, &options);
	(void)input_add_words(&in, INPUT_PRODUCT, (char *const *)&word, 1);
	check(wanted, expression);
	regfree(&column);
}

static void test_columns(void)
{
	struct input_options options = lines;
	regex_t column;

	check_columns(",", "a,b,,c,", "a b  c |");
	check_columns(",", "", "|");
	check_columns(", *|;", "a,  b;c", "a b c|");
	check_columns(",*", "ab,c", "ab c|");
	check_columns("x*", "", "|");
	check_columns("^a", "aab", " ab|");
	check_columns("b$", "abb", "ab |");
	check_columns("()", "ab", "ab|");

	(void)regcomp(&column, ",", REG_EXTENDED);
	options.column = &column;
	check_file(options, "a\0,b\nc,\n", 8, "a\\0!nul b|c |", "a NUL in a column");
	input_init(&in, &options);
	(void)input_add_words(&in, INPUT_PRODUCT, WORDS("a,b", "c"));
	(void)input_add_words(&in, INPUT_PRODUCT, WORDS("1", "2,3"));
	check("a b 1|a b 2 3|c 1|c 2 3|", "columns of each source");
	regfree(&column);
}

static void check_header(const char *wanted)
{
	auto_buf struct buf b = BUF_INIT;
	struct row *row = NULL;
	const char *name = NULL;

	if (!open_all())
		return;
	ok(!input_header(&in), "no header before the first row");
	if (input_next(&in, &row, &name) == INPUT_ROW)
		row_free(row);
	if (ok(input_header(&in) != NULL, "then there is one")) {
		show_row(&b, input_header(&in));
		is_str(b.data, wanted, "its names");
	}
	input_clear(&in);
}

static void test_header(void)
{
	struct input_options options = lines;
	struct text t = text("name,size\na,1\nb,2\n");
	struct text empty = text("");
	regex_t column;

	(void)regcomp(&column, ",", REG_EXTENDED);
	options.column = &column;
	options.header = true;
	for (int turn = 0; turn < 2; turn++) {
		input_init(&in, &options);
		(void)input_add_file(&in, INPUT_PRODUCT, t.name);
		(void)input_add_words(&in, INPUT_PRODUCT, WORDS("how", "x", "y"));
		if (turn == 0)
			check_header("name size how|");
		else
			check("a 1 x|a 1 y|b 2 x|b 2 y|", "rows below a header");
	}
	input_init(&in, &options);
	(void)input_add_words(&in, INPUT_PRODUCT, WORDS("how", "x", "y"));
	(void)input_add_file(&in, INPUT_PRODUCT, t.name);
	check("x a 1|x b 2|y a 1|y b 2|", "a header of a file that is kept");

	input_init(&in, &options);
	(void)input_add_words(&in, INPUT_PRODUCT, WORDS("how"));
	(void)input_add_file(&in, INPUT_LINKED, empty.name);
	check("", "a header and nothing else");

	options.per_job = 2;
	input_init(&in, &options);
	(void)input_add_words(&in, INPUT_PRODUCT, WORDS("how", "x", "y", "z"));
	check("x y|z|", "a header above joined rows");
	regfree(&column);
	(void)fd_close(t.fd);
	(void)fd_close(empty.fd);
}

static void test_joined(void)
{
	struct input_options options = lines;

	options.per_job = 2;
	check_file(options, "a\nb\nc\n", 6, "a b|c|", "two items a job");
	check_file(options, "a\n\n", 3, "a |", "an empty one among them");
	check_file(options, "", 0, "", "two of nothing");
	options.per_job = 3;
	input_init(&in, &options);
	(void)input_add_words(&in, INPUT_PRODUCT, WORDS("a", "b"));
	(void)input_add_words(&in, INPUT_PRODUCT, WORDS("1", "2"));
	check("a 1 a 2 b 1|b 2|", "three rows a job");
}

/* Rows that are joined over the end of what is read at a time. */
static void test_chunks(void)
{
	auto_buf struct buf data = BUF_INIT;
	auto_buf struct buf joined = BUF_INIT;
	struct input_options options = lines;

	for (int i = 0; data.len < 5 * CHUNK; i++) {
		(void)buf_add_format(&data, "%d\n", i);
		(void)buf_add_format(&joined, "%d%c", i, i % 7 < 6 ? ' ' : '|');
	}
	joined.data[joined.len - 1] = '|';
	options.per_job = 7;
	check_file(options, data.data, data.len, joined.data, "many joined rows");
}

/* The file is read piece by piece, or kept as a whole. */
static void test_cut(bool kept)
{
	char *words[] = {(char *)"x"};
	auto_buf struct buf data = BUF_INIT;
	struct text t;
	struct row *row = NULL;
	const char *name = NULL;

	/* As long as may be, one more, far more, and one behind them. */
	static const size_t sizes[] = {ITEM_MAX, ITEM_MAX + 1, ITEM_MAX + 3 * CHUNK + 5,
				       1};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (size_t j = 0; j < sizes[i]; j++)
			(void)buf_add_char(&data, (char)('a' + i));
		(void)buf_add_char(&data, '\n');
	}
	t = text_of(data.data, data.len - 1);
	input_init(&in, &lines);
	if (kept)
		(void)input_add_words(&in, INPUT_PRODUCT, words, 1);
	(void)input_add_file(&in, INPUT_PRODUCT, t.name);
	if (!open_all())
		return;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		int r;

		do {
			r = input_next(&in, &row, &name);
		} while (r == INPUT_WAIT);
		if (!ok(r == INPUT_ROW, "row %zu", i))
			break;

		const struct item *item = &row->items[kept];
		bool cut = sizes[i] > ITEM_MAX;

		is_int((long long)item->len, (long long)(cut ? ITEM_MAX : sizes[i]),
		       "the length of item %zu", i);
		ok(item->cut == cut, "item %zu is %s", i, cut ? "cut" : "whole");
		ok(item->text[0] == (char)('a' + i) &&
			   item->text[item->len - 1] == (char)('a' + i) &&
			   item->text[item->len] == '\0',
		   "and its text is its own");
		ok((row_problem(row) != NULL) == cut, "and its row says so");
		row_free(row);
	}
	ok(input_next(&in, &row, &name) == INPUT_END, "and that was all");
	input_clear(&in);
	(void)fd_close(t.fd);
}

/* Only the last column of an item that was cut lacks something. */
static void test_cut_columns(void)
{
	auto_buf struct buf data = BUF_INIT;
	struct input_options options = lines;
	struct text t;
	struct row *row = NULL;
	const char *name = NULL;
	regex_t column;

	(void)buf_add_string(&data, "a,");
	while (data.len <= ITEM_MAX)
		(void)buf_add_char(&data, 'b');
	t = text_of(data.data, data.len);
	(void)regcomp(&column, ",", REG_EXTENDED);
	options.column = &column;
	input_init(&in, &options);
	(void)input_add_file(&in, INPUT_PRODUCT, t.name);
	if (open_all() && ok(input_next(&in, &row, &name) == INPUT_ROW, "a row")) {
		ok(row->n == 2 && !row->items[0].cut && row->items[1].cut,
		   "the last of its columns is cut");
		is_int((long long)row->items[1].len, ITEM_MAX - 2, "at the same place");
		row_free(row);
	}
	input_clear(&in);
	regfree(&column);
	(void)fd_close(t.fd);
}

static void test_row(void)
{
	struct item items[] = {{.text = "a", .len = 1},
			       {.text = NULL, .len = 0},
			       {.text = "b\0c", .len = 3, .has_nul = true}};
	auto_buf struct buf b = BUF_INIT;
	struct row *row = row_new(items, 2);

	(void)buf_add_string(&b, "<");
	ok(row_join(row, &b) == 0, "items are joined");
	is_str(b.data, "<a ", "behind what was there");
	is_str(row->items[1].text, "", "an empty item has a text");
	ok(!row_problem(row), "no problem with them");
	row_free(row);
	row = row_new(items, 3);
	ok(row_problem(row) != NULL, "one with a NUL is a problem");
	ok(row_join(row, &b) == 0 && b.len == 9 && memcmp(b.data, "<a a  b\0c", 9) == 0,
	   "and is joined as it is");
	row_free(row);
	row = row_new(NULL, 0);
	ok(row && row->n == 0 && !row_problem(row), "a row of nothing");
	row_free(row);
}

static void test_total(void)
{
	uint64_t total = 0;
	struct input_options options = lines;
	struct text t = text("skipped\ntoo\na\nb\nc\n");
	auto_buf struct buf b = BUF_INIT;

	/* Somebody has read from our stdin before us. */
	(void)dup2(t.fd, 0);
	(void)lseek(0, 12, SEEK_SET);
	options.per_job = 2;
	input_init(&in, &options);
	if (!open_all())
		return;
	ok(input_total(&in, &total) && total == 2, "what is left of stdin counts");
	is_int(lseek(0, 0, SEEK_CUR), 12, "and counting does not move it");
	is_int(take(&b), INPUT_END, "it ends");
	is_str(b.data, "a b|c|", "with what was left");
	ok(input_total(&in, &total) && total == 2, "it is the same afterwards");
	input_clear(&in);
	(void)fd_close(t.fd);
}

static void check_failure(const char *file, int error)
{
	const char *name = "?";

	input_init(&in, &lines);
	(void)input_add_words(&in, INPUT_PRODUCT, WORDS("a"));
	(void)input_add_file(&in, INPUT_PRODUCT, file);
	is_int(input_open(&in, &name), -error, "%s does not open", file);
	is_str(name, file, "and its name is told");
	input_clear(&in);
}

static void test_failures(void)
{
	char *words[] = {(char *)"a"};
	auto_buf struct buf b = BUF_INIT;
	auto_fd int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t total;

	check_failure("/", EISDIR);
	check_failure("/dev/null/nothing", ENOTDIR);
	check_failure("/nothing/here", ENOENT);
	(void)dup2(folder, 0);
	check_failure("-", EISDIR);

	/* Nothing is mapped at 0, so that nothing can be read there. */
	for (int kept = 0; kept < 2; kept++) {
		input_init(&in, &lines);
		if (kept)
			(void)input_add_words(&in, INPUT_PRODUCT, words, 1);
		(void)input_add_file(&in, INPUT_PRODUCT, "/proc/self/mem");
		if (!open_all())
			continue;
		ok(!input_total(&in, &total), "what cannot be read is not counted");
		is_int(take(&b), -EIO, "a read fails");
		is_str(b.data, "/proc/self/mem: Input/output error",
		       "and its name is told");
		is_int(take(&b), INPUT_END, "then it has ended");
		input_clear(&in);
		buf_clear(&b);
	}
}

int main(void)
{
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	/* Whatever waits in vain ends here. */
	(void)alarm(DEADLINE);
	test_row();
	test_items();
	test_words();
	test_product();
	test_linked();
	test_columns();
	test_header();
	test_joined();
	test_chunks();
	test_cut(false);
	test_cut(true);
	test_cut_columns();
	test_total();
	test_failures();
	return tap_done();
}
