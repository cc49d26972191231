/* SPDX-License-Identifier: MIT */
#include "api/openapi.h"

#include <string.h>
#include "api/router.h"
#include "support/suite.h"

static json_t *document;

static void
setup(void)
{
	document = openapi_document();
}

static void
teardown(void)
{
	json_decref(document);
}

static bool
takes(const struct route *route, const char *method)
{
	size_t length = strlen(method);
	const char *found = strstr(route->methods, method);

	return found != NULL && (found[length] == ',' || found[length] == '\0');
}

static int
count_operations(const char *path, const char *method)
{
	int count = 0;

	for (int i = 0; i < openapi_operation_count; i++)
		count += strcmp(openapi_operations[i].path, path) == 0 &&
			 strcmp(openapi_operations[i].method, method) == 0;
	return count;
}

/* HEAD and OPTIONS follow from the others. */
START_TEST(every_route_says_what_it_answers)
{
	static const char *const methods[] = { "GET", "POST", "PATCH", "DELETE" };
	const struct route *route = &routes[_i];
	int count = 0;

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (!takes(route, methods[i]))
			continue;
		ck_assert_msg(count_operations(route->path, methods[i]) == 1, "%s %s", methods[i], route->path);
		count++;
	}
	ck_assert_int_ge(count, 1);
}
END_TEST

static bool
has_route(const struct operation *operation)
{
	for (int i = 0; i < route_count; i++) {
		if (strcmp(routes[i].path, operation->path) == 0 && takes(&routes[i], operation->method))
			return true;
	}
	return false;
}

static bool
has_schema(const char *name)
{
	json_t *schemas = json_object_get(json_object_get(document, "components"), "schemas");

	return json_is_object(json_object_get(schemas, name));
}

START_TEST(every_operation_is_there_and_has_a_name_of_its_own)
{
	const struct operation *operation = &openapi_operations[_i];

	ck_assert(has_route(operation));
	for (int i = 0; i < _i; i++)
		ck_assert_str_ne(openapi_operations[i].id, operation->id);
	ck_assert_ptr_nonnull(operation->forms[0].type);
	for (int i = 0; i < ANSWER_FORMS_MAX; i++)
		ck_assert(operation->forms[i].schema == NULL || has_schema(operation->forms[i].schema));
	ck_assert(operation->body == NULL || has_schema(operation->body));
	ck_assert_msg(strcmp(operation->method, "GET") == 0 || operation->problems[0] == PROBLEM_NO_CHANGES,
	    "%s %s changes something", operation->method, operation->path);
}
END_TEST

START_TEST(every_parameter_has_a_schema_and_a_meaning)
{
	for (const struct parameter *it = routes[_i].parameters; it->name != NULL; it++) {
		json_t *schema = json_loads(it->schema, JSON_REJECT_DUPLICATES, NULL);

		ck_assert_msg(json_is_object(schema), "%s of %s", it->name, routes[_i].path);
		ck_assert(it->meaning[0] != '\0');
		json_decref(schema);
	}
}
END_TEST

START_TEST(every_schema_is_json)
{
	for (const struct openapi_schema *it = openapi_schemas; it->name != NULL; it++)
		ck_assert_msg(has_schema(it->name), "%s", it->name);
}
END_TEST

/* Whoever follows a reference finds something. */
static void
check_references(const json_t *json)
{
	static const char begins[] = "#/components/schemas/";
	const char *key;
	json_t *value;
	size_t i;

	json_object_foreach((json_t *)json, key, value) {
		const char *text = json_string_value(value);

		if (strcmp(key, "$ref") == 0 && text != NULL) {
			ck_assert(strncmp(text, begins, strlen(begins)) == 0);
			ck_assert_msg(has_schema(text + strlen(begins)), "%s", text);
		}
		check_references(value);
	}
	json_array_foreach(json, i, value)
		check_references(value);
}

START_TEST(every_reference_leads_somewhere)
{
	check_references(document);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("api/openapi");
	TCase *api = tcase_create("document");

	tcase_add_checked_fixture(api, setup, teardown);
	tcase_add_loop_test(api, every_route_says_what_it_answers, 0, route_count);
	tcase_add_loop_test(api, every_operation_is_there_and_has_a_name_of_its_own, 0, openapi_operation_count);
	tcase_add_loop_test(api, every_parameter_has_a_schema_and_a_meaning, 0, route_count);
	tcase_add_test(api, every_schema_is_json);
	tcase_add_test(api, every_reference_leads_somewhere);
	suite_add_tcase(suite, api);
	return suite_main(suite);
}
