/* Every format of sysinfo, from a topic that is made up. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sysinfo/format.h"
#include "tap.h"

#define FFFD "\xef\xbf\xbd"

enum {
	ID,
	NAME,
	ON,
	COUNT,
	SIZE,
	SHARE,
	RATIO,
	WORDS,
	SPOT,
	N_COLUMNS,
};

static const struct column columns[N_COLUMNS] = {
	[ID] = {.name = "id", .type = COLUMN_NUMBER, .flags = COLUMN_ID, .label = "unit"},
	[NAME] = {.name = "name", .flags = COLUMN_ID},
	[ON] = {.name = "on", .type = COLUMN_BOOL, .help = "a \"switch\"\\"},
	[COUNT] = {.name = "count",
		   .type = COLUMN_NUMBER,
		   .flags = COLUMN_COUNTER,
		   .metric = "node_things_total{kind=\"all\"}",
		   .help = "how often"},
	[SIZE] = {.name = "size",
		  .type = COLUMN_BYTES,
		  .flags = COLUMN_COUNTER,
		  .cost = COST_DEAR,
		  .metric = "node_things_total{kind=\"size\"}"},
	[SHARE] = {.name = "share", .type = COLUMN_PERCENT},
	[RATIO] = {.name = "ratio",
		   .type = COLUMN_REAL,
		   .flags = COLUMN_HIDDEN,
		   .metric = "ratio_halves",
		   .metric_scale = 2},
	[WORDS] = {.name = "words", .type = COLUMN_LIST},
	[SPOT] = {.name = "spot", .type = COLUMN_OBJECT},
};

static const struct topic things = {
	.name = "made-up",
	.summary = "things",
	.columns = columns,
	.n_columns = N_COLUMNS,
	.flags = TOPIC_LIST,
};

static struct table table;
static size_t shown[N_COLUMNS];
static struct part part = {.topic = &things,
			   .table = &table,
			   .is_list = true,
			   .shown = shown};
static struct record record = {.parts = &part,
			       .n_parts = 1,
			       .time = 1700000000.25,
			       .first = true};
static struct style style;

/* Show these columns, ended by N_COLUMNS. */
static void show(const size_t *list)
{
	for (part.n_shown = 0; list[part.n_shown] < N_COLUMNS; part.n_shown++)
		shown[part.n_shown] = list[part.n_shown];
}

#define SHOW(...) show((const size_t[]){__VA_ARGS__, N_COLUMNS})

static void is_written(enum format format, const char *wanted, const char *what)
{
	struct out o;

	out_init(&o, -1);
	style.format = format;

	int r = format_record(&o, &record, &style);

	is_str(r < 0 ? "(error)" : o.buf.len ? o.buf.data : "", wanted, "%s", what);
	(void)out_close(&o);
}

static struct row *fresh_row(void)
{
	struct row *row = table_add(&table);

	if (!row)
		abort();
	return row;
}

/* A plain row, one of hard values, and one of nulls. */
static void make_rows(void)
{
	static const char *const names[] = {"path", "at"};
	struct row *row;
	struct value *items;

	table_reset(&table);
	row = fresh_row();
	row_int(row, ID, 1);
	row_text(row, NAME, "plain");
	row_bool(row, ON, true);
	row_uint(row, COUNT, 7);
	row_uint(row, SIZE, 1536);
	row_real(row, SHARE, 12.34);
	row_real(row, RATIO, 0.1);
	value_words(&table, &row->values[WORDS], "ls\0-l\0", 6);
	items = value_object(&table, &row->values[SPOT], 2, names);
	value_text(&table, &items[0], "/x");
	value_int(&items[1], -5);

	row = fresh_row();
	row_int(row, ID, 2);
	row_text(row, NAME, "a\t'\"\\,\n\xff\xc3\xa4");
	row_bool(row, ON, false);
	row_uint(row, COUNT, UINT64_MAX);
	row_uint(row, SIZE, 0);
	row_real(row, SHARE, 100);
	row_real(row, RATIO, 1e300);
	value_words(&table, &row->values[WORDS], "\xff\0", 2);
	items = value_object(&table, &row->values[SPOT], 2, names);
	value_text(&table, &items[0], "\xfe");
	value_null(&items[1], WHY_GONE);

	row = fresh_row();
	row_int(row, ID, 3);
	row_null(row, NAME, WHY_PERMISSION);
	row_null(row, COUNT, WHY_GONE);
	row_real(row, RATIO, NAN);
	row->values[SHARE] = (struct value){.kind = VALUE_REAL, .real = INFINITY};
}

static void test_json(void)
{
	SHOW(ID, NAME, ON, COUNT, SIZE, SHARE, RATIO, WORDS, SPOT);
	is_written(
		FORMAT_JSON,
		"{\"time\":1700000000.250000,\"made_up\":[{\"id\":1,\"name\":\"plain\","
		"\"on\":true,\"count\":7,\"size\":1536,\"share\":12.3,\"ratio\":0.1,"
		"\"words\":[\"ls\",\"-l\"],\"spot\":{\"path\":\"/x\",\"at\":-5}},"
		"{\"id\":2,\"name\":\"a\\t'\\\"\\\\,\\n" FFFD "\xc3\xa4\","
		"\"name_b64\":\"YQknIlwsCv/DpA==\",\"on\":false,"
		"\"count\":18446744073709551615,\"size\":0,\"share\":100.0,"
		"\"ratio\":1e+300,\"words\":[\"" FFFD "\"],\"words_b64\":[\"/w==\"],"
		"\"spot\":{\"path\":\"" FFFD "\",\"path_b64\":\"/g==\",\"at\":null}},"
		"{\"id\":3,\"name\":null,\"on\":null,\"count\":null,\"size\":null,"
		"\"share\":null,\"ratio\":null,\"words\":null,\"spot\":null,"
		"\"unavailable\":{\"name\":\"permission\",\"on\":\"unsupported\","
		"\"count\":\"gone\",\"size\":\"unsupported\","
		"\"share\":\"not_applicable\",\"ratio\":\"not_applicable\","
		"\"words\":\"unsupported\",\"spot\":\"unsupported\"}}]}\n",
		"JSON has every value, and why there is none");

	SHOW(ID);
	record.interval = 0.5;
	part.is_list = false;
	is_written(FORMAT_JSONL,
		   "{\"time\":1700000000.250000,\"interval\":0.500000,"
		   "\"made_up\":{\"id\":1}}\n",
		   "a topic of one row is an object; a sample has its interval");
	part.is_list = true;
	record.interval = 0;
	record.by_row = true;
	is_written(FORMAT_JSONL,
		   "{\"time\":1700000000.250000,\"id\":1}\n"
		   "{\"time\":1700000000.250000,\"id\":2}\n"
		   "{\"time\":1700000000.250000,\"id\":3}\n",
		   "JSON Lines by row");
	record.by_row = false;
}

/* A process may have anything for an environment. */
static void test_environ(void)
{
	static const char tame[] = "A=1\0B=x=y";
	static const char wild[] = "A=1\0B\"\xff=\xfe\0A=2\0none\0=\0";
	struct row *row;

	table_reset(&table);
	row = fresh_row();
	value_environ(&table, &row->values[SPOT], tame, sizeof(tame));
	SHOW(SPOT);
	is_written(FORMAT_JSON,
		   "{\"time\":1700000000.250000,\"made_up\":[{\"spot\":"
		   "{\"A\":\"1\",\"B\":\"x=y\"}}]}\n",
		   "an environment is an object");
	value_environ(&table, &row->values[SPOT], wild, sizeof(wild) - 1);
	is_written(
		FORMAT_JSON,
		"{\"time\":1700000000.250000,\"made_up\":[{\"spot\":{\"B\\\"" FFFD
		"\":\"" FFFD "\",\"A\":\"2\",\"none\":\"\",\"\":\"\"},"
		"\"spot_b64\":[\"QT0x\",\"QiL/Pf4=\",\"QT0y\",\"bm9uZQ==\",\"PQ==\"]}]}"
		"\n",
		"and where that does not tell all, its bytes follow");
	value_environ(&table, &row->values[SPOT], "", 0);
	is_written(FORMAT_GET, "{}\n", "an empty one");
}

/* Texts of a list, of which one is not UTF-8. */
static void test_list(void)
{
	struct row *row;
	struct value *items;

	table_reset(&table);
	row = fresh_row();
	items = value_list(&table, &row->values[WORDS], 3);
	value_text(&table, &items[0], "x");
	value_int(&items[1], 4);
	value_text(&table, &items[2], "\xff");
	SHOW(WORDS);
	is_written(FORMAT_JSON,
		   "{\"time\":1700000000.250000,\"made_up\":[{\"words\":[\"x\",4,\"" FFFD
		   "\"],\"words_b64\":[\"eA==\",null,\"/w==\"]}]}\n",
		   "a list has its bytes beside it");
	is_written(FORMAT_RAW, "words\n[\"x\",4,\"" FFFD "\"]\n",
		   "in other formats it is JSON");
	is_written(FORMAT_TABLE, "WORDS\nx,4,\\xff\n", "and in a table words");
}

static void test_words(void)
{
	SHOW(ID, NAME, ON, SHARE);
	is_written(FORMAT_RAW,
		   "id\tname\ton\tshare\n"
		   "1\tplain\ttrue\t12.3\n"
		   "2\ta\\x09'\"\\x5c,\\x0a\\xff\xc3\xa4\tfalse\t100.0\n"
		   "3\t\t\t\n",
		   "raw escapes what would break a line");
	is_written(FORMAT_CSV,
		   "id,name,on,share\n"
		   "1,plain,true,12.3\n"
		   "2,\"a\t'\"\"\\,\n\xff\xc3\xa4\",false,100.0\n"
		   "3,,,\n",
		   "CSV quotes, and keeps the bytes");
	style.prefix = "T_";
	is_written(FORMAT_SHELL,
		   "T_id='1' T_name='plain' T_on='true' T_share='12.3'\n"
		   "T_id='2' T_name='a\t'\\''\"\\,\n\xff\xc3\xa4' T_on='false' "
		   "T_share='100.0'\n"
		   "T_id='3' T_name='' T_on='' T_share=''\n",
		   "shell words are quoted");
	style.prefix = NULL;

	style.no_headings = true;
	SHOW(NAME);
	is_written(FORMAT_CSV, "plain\n\"a\t'\"\"\\,\n\xff\xc3\xa4\"\n\"\"\n",
		   "a lone null of CSV is no empty line");
	SHOW(WORDS);
	is_written(FORMAT_CSV,
		   "\"[\"\"ls\"\",\"\"-l\"\"]\"\n\"[\"\"" FFFD "\"\"]\"\n\"\"\n",
		   "a list in CSV");
	style.no_headings = false;
	SHOW(SIZE);
	is_written(FORMAT_GET, "1536\n0\n\n", "get has bare values");
	SHOW(RATIO);
	is_written(FORMAT_GET, "0.1\n1e+300\n\n", "in as few digits as are exact");
}

static void test_blocks(void)
{
	struct part two[] = {part, part};

	SHOW(ID);
	two[0] = two[1] = part;
	record.repeats = true;
	is_written(FORMAT_CSV,
		   "time,id\n1700000000.250000,1\n1700000000.250000,2\n"
		   "1700000000.250000,3\n",
		   "samples begin with their time");
	record.first = false;
	is_written(FORMAT_RAW,
		   "1700000000.250000\t1\n1700000000.250000\t2\n1700000000.250000\t3\n",
		   "and later ones have no headings");
	record.parts = two;
	record.n_parts = 2;
	record.repeats = false;
	record.first = true;
	is_written(FORMAT_RAW, "id\n1\n2\n3\n\nid\n1\n2\n3\n",
		   "an empty line between blocks");
	is_written(FORMAT_TABLE, "made-up\nID\n 1\n 2\n 3\n\nmade-up\nID\n 1\n 2\n 3\n",
		   "tables of several topics have titles");
	record.parts = &part;
	record.n_parts = 1;
}

static void test_openmetrics(void)
{
	struct part two[2];

	SHOW(ID, NAME, ON, COUNT, SHARE, SIZE, RATIO, WORDS);
	two[0] = two[1] = part;
	record.parts = two;
	record.n_parts = 2;
	is_written(FORMAT_OPENMETRICS,
		   "# TYPE prockit_made_up_on gauge\n"
		   "# HELP prockit_made_up_on a \\\"switch\\\"\\\\\n"
		   "prockit_made_up_on{unit=\"1\",name=\"plain\"} 1\n"
		   "prockit_made_up_on{unit=\"2\",name=\"a\t'\\\"\\\\,\\n" FFFD
		   "\xc3\xa4\"} 0\n"
		   "# TYPE node_things counter\n"
		   "# HELP node_things things\n"
		   "node_things_total{unit=\"1\",name=\"plain\",kind=\"all\"} 7\n"
		   "node_things_total{unit=\"2\",name=\"a\t'\\\"\\\\,\\n" FFFD
		   "\xc3\xa4\",kind=\"all\"} 18446744073709551615\n"
		   "node_things_total{unit=\"1\",name=\"plain\",kind=\"size\"} 1536\n"
		   "node_things_total{unit=\"2\",name=\"a\t'\\\"\\\\,\\n" FFFD
		   "\xc3\xa4\",kind=\"size\"} 0\n"
		   "# TYPE prockit_made_up_share gauge\n"
		   "prockit_made_up_share{unit=\"1\",name=\"plain\"} 12.3\n"
		   "prockit_made_up_share{unit=\"2\",name=\"a\t'\\\"\\\\,\\n" FFFD
		   "\xc3\xa4\"} 100.0\n"
		   "# TYPE ratio_halves gauge\n"
		   "ratio_halves{unit=\"1\",name=\"plain\"} 0.2\n"
		   "ratio_halves{unit=\"2\",name=\"a\t'\\\"\\\\,\\n" FFFD
		   "\xc3\xa4\"} 2e+300\n"
		   "# EOF\n",
		   "OpenMetrics: families in one piece, no labels twice, no nulls");
	record.parts = &part;
	record.n_parts = 1;
	SHOW(ON);
	part.is_list = false;
	is_written(FORMAT_OPENMETRICS,
		   "# TYPE prockit_made_up_on gauge\n"
		   "# HELP prockit_made_up_on a \\\"switch\\\"\\\\\n"
		   "prockit_made_up_on{unit=\"1\",name=\"plain\"} 1\n"
		   "prockit_made_up_on{unit=\"2\",name=\"a\t'\\\"\\\\,\\n" FFFD
		   "\xc3\xa4\"} 0\n"
		   "# EOF\n",
		   "a family of one column has its help");
	part.is_list = true;
	SHOW(NAME, WORDS);
	is_written(FORMAT_OPENMETRICS,
		   "# TYPE prockit_made_up info\n"
		   "# HELP prockit_made_up things\n"
		   "prockit_made_up_info{unit=\"1\",name=\"plain\"} 1\n"
		   "prockit_made_up_info{unit=\"2\",name=\"a\t'\\\"\\\\,\\n" FFFD
		   "\xc3\xa4\"} 1\n"
		   "prockit_made_up_info{unit=\"3\"} 1\n"
		   "# EOF\n",
		   "a topic without numbers is an info metric");
}

static void test_table(void)
{
	static unsigned depths[] = {0, 1, 1};

	SHOW(ID, SIZE, SHARE, NAME, WORDS);
	is_written(FORMAT_TABLE,
		   "ID SIZE SHARE NAME               WORDS\n"
		   " 1 1.5K  12.3 plain              ls -l\n"
		   " 2   0B 100.0 a\\x09'\"\\,\\x0a\\xff\xc3\xa4 '\\xff'\n"
		   " 3    -     - -                  -\n",
		   "a table shows UTF-8, and no control characters");
	SHOW(ID, NAME, SHARE);
	style.width = 16;
	is_written(FORMAT_TABLE,
		   "ID NAME    SHARE\n"
		   " 1 plain    12.3\n"
		   " 2 a\\x09'\" 100.0\n"
		   " 3 -           -\n",
		   "the last text is cut to the terminal");
	style.width = 0;
	table.depths = depths;
	SHOW(ID, NAME, SHARE);
	is_written(FORMAT_TABLE,
		   "ID NAME                 SHARE\n"
		   " 1 plain                 12.3\n"
		   " 2 \xe2\x94\x9c\xe2\x94\x80"
		   "a\\x09'\"\\,\\x0a\\xff\xc3\xa4 100.0\n"
		   " 3 \xe2\x94\x94\xe2\x94\x80-                      -\n",
		   "a tree");
	table.depths = NULL;
	style.bytes = true;
	style.no_headings = true;
	SHOW(SIZE, SPOT);
	is_written(FORMAT_TABLE, "1536 path=/x at=-5\n   0 path=\\xfe at=-\n   - -\n",
		   "sizes as numbers, objects as names and values");
	style.bytes = false;
	style.no_headings = false;
}

/* A table, as it is drawn for this width. */
static void draw(struct out *o, unsigned width)
{
	out_init(o, -1);
	style.format = FORMAT_TABLE;
	style.width = width;
	(void)format_record(o, &record, &style);
	style.width = 0;
}

/* Tables that are drawn with and without the library's help look the same. */
static void test_both_ways(void)
{
	static const char *const texts[] = {"",	     "x",      "a b",
					    " lead", "trail ", "longer text"};
	unsigned bits = 1;
	int wrong = 0;

	for (int i = 0; i < 2000; i++) {
		struct out plain;
		struct out drawn;

		table_reset(&table);
		part.n_shown = 0;
		for (unsigned k = 0; k < 1 + bits % 5; k++)
			shown[part.n_shown++] = (bits >> k) % 4;
		for (unsigned rows = 1 + (bits >> 8) % 4; rows; rows--) {
			struct row *row = fresh_row();

			bits = bits * 1103515245 + 12345;
			row_int(row, ID, (int64_t)(bits >> 16));
			row_text(row, NAME, texts[(bits >> 4) % ARRAY_SIZE(texts)]);
			row_text(row, ON, texts[(bits >> 12) % ARRAY_SIZE(texts)]);
		}
		style.no_headings = bits >> 20 & 1;
		record.first = bits >> 21 & 1;
		record.repeats = bits >> 22 & 1;
		draw(&plain, 0);
		draw(&drawn, 10000);
		if (strcmp(plain.buf.data, drawn.buf.data) != 0 && wrong++ == 0)
			is_str(plain.buf.data, drawn.buf.data, "table %d", i);
		(void)out_close(&plain);
		(void)out_close(&drawn);
	}
	is_int(wrong, 0, "a table looks the same, whoever draws it");
	style.no_headings = false;
	record.first = true;
	record.repeats = false;
}

static void test_tall(void)
{
	static struct topic tall;

	tall = things;
	tall.flags = TOPIC_TALL;
	table.n = 1;
	part.topic = &tall;
	SHOW(ID, NAME, ON);
	is_written(FORMAT_TABLE, "id   1\nname plain\non   yes\n",
		   "a tall topic has a line for each field");
	style.color = true;
	SHOW(NAME);
	is_written(FORMAT_TABLE, "\033[1mname\033[0m plain\n", "its names in bold");
	style.color = false;
	part.topic = &things;
	table.n = 0;
	is_written(FORMAT_JSON, "{\"time\":1700000000.250000,\"made_up\":[]}\n",
		   "no rows are an empty list");
	is_written(FORMAT_RAW, "name\n", "or a heading alone");
	is_written(FORMAT_TABLE, "NAME\n", "in a table too");
	part.is_list = false;
	is_written(FORMAT_JSON, "{\"time\":1700000000.250000,\"made_up\":null}\n",
		   "or nothing");
	part.is_list = true;
	table.n = 3;
}

static const struct {
	enum column_type type;
	int decimals;
	double value;
	const char *cell;
} cells[] = {
	{COLUMN_BYTES, 0, 0, "0B"},
	{COLUMN_BYTES, 0, 1023, "1023B"},
	{COLUMN_BYTES, 0, 1024, "1K"},
	{COLUMN_BYTES, 0, 1048575, "1M"},
	{COLUMN_BYTES, 0, 1610612736, "1.5G"},
	{COLUMN_BYTES, 0, 18446744073709551615.0, "16E"},
	{COLUMN_BYTES, 0, -2048, "-2K"},
	{COLUMN_SECONDS, 0, 1.005, "1.00"},
	{COLUMN_SECONDS, 3, 1.5, "1.500"},
	{COLUMN_REAL, 0, 0.126, "0.13"},
	{COLUMN_PERCENT, 0, 99.96, "100.0"},
	{COLUMN_MHZ, 0, 2400.4, "2400"},
	{COLUMN_CELSIUS, 0, 40.55, "40.5"},
	{COLUMN_TIME, 0, 0, "1970-01-01T05:30:00+05:30"},
	{COLUMN_TIME, 0, 1700000000.9, "2023-11-15T03:43:20+05:30"},
	{COLUMN_TIME, 0, -1, "1970-01-01T05:29:59+05:30"},
	{COLUMN_TIME, 0, 1e300, "1e+300"},
	{COLUMN_NUMBER, 0, 2.5, "2.50"},
};

static void test_cells(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cells); i++) {
		struct column c = {.type = cells[i].type, .decimals = cells[i].decimals};
		struct value v;
		struct out o;

		value_real(&v, cells[i].value);
		out_init(&o, -1);
		format_cell(&o, &c, &v, false);
		is_str(o.buf.data, cells[i].cell, "a cell of %g", cells[i].value);
		(void)out_close(&o);
	}
}

static bool begins_with(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

static void test_list_columns(void)
{
	const struct topic *const list[] = {&things, &things};
	struct out o;

	out_init(&o, -1);
	style.format = FORMAT_RAW;
	format_list_columns(&o, list, 1, &style);
	ok(begins_with(o.buf.data, "name\ttype\tunit\tcost\tdefault\thelp\n"
				   "id\tinteger\t\tfree\ttrue\t\n"),
	   "the columns of a topic");
	ok(strstr(o.buf.data, "\nsize\tinteger\tbytes\tdear\ttrue\t\n"), "what is dear");
	ok(strstr(o.buf.data, "\nratio\tnumber\t\tfree\tfalse\t\n"), "what is hidden");
	(void)out_close(&o);

	out_init(&o, -1);
	style.format = FORMAT_JSON;
	format_list_columns(&o, list, 2, &style);
	ok(begins_with(o.buf.data,
		       "{\"columns\":[{\"topic\":\"made-up\",\"name\":\"id\","),
	   "the columns of several topics, without a time");
	(void)out_close(&o);
}

int main(void)
{
	/* A zone that needs no file. */
	setenv("TZ", "XXX-5:30", 1);
	table_init(&table, &things);
	make_rows();
	test_json();
	test_words();
	test_blocks();
	test_openmetrics();
	test_table();
	test_tall();
	test_cells();
	test_list_columns();
	test_environ();
	test_list();
	test_both_ways();
	table_clear(&table);
	return tap_done();
}
