/* SPDX-License-Identifier: MIT */
#include "api/documents.h"

#include "export/json.h"

json_t *
document_of_target(const struct track *track, int upstream, int target)
{
	const struct upstream_setting *setting = &track->settings->upstreams[upstream];
	struct target_facts facts;
	char address[INET6_ADDRSTRLEN];
	json_t *it = json_object();

	target_read(targets_life(track->targets, upstream, target), &facts);
	json_add_text(it, "name", setting->name);
	json_add_text(it, "target", setting->targets[target].name);
	json_t *addresses = json_add_array(it, "addresses");
	for (uint64_t i = 0; i < facts.count; i++)
		json_array_append_new(addresses, json_text(flow_ip_format(&facts.addresses[i], address)));
	json_add_text(it, "error", facts.error[0] == '\0' ? NULL : facts.error);
	return it;
}

json_t *
document_of_percentiles(const struct histogram_sum *sum)
{
	json_t *it = json_object();

	json_add_count(it, "count", sum->count);
	json_add_known(it, "p50", histogram_percentile(sum, 0.50));
	json_add_known(it, "p90", histogram_percentile(sum, 0.90));
	json_add_known(it, "p99", histogram_percentile(sum, 0.99));
	json_add_known(it, "max", histogram_percentile(sum, 1));
	return it;
}
