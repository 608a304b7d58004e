/*
 * What the node says about itself: status, metrics, health, its own manual.
 */
#include "handlers.h"
#include "read.h"

#include <string.h>

extern const unsigned char troth_openapi_json[];
extern const unsigned long troth_openapi_json_len;

void troth_get_openapi(struct troth_call *c)
{
	struct troth_out o = troth_read_bare(c);

	troth_buf_put(o.b, troth_openapi_json, troth_openapi_json_len);
}

static const char *room_name(enum troth_kv_room room)
{
	switch (room) {
	case TROTH_ROOM_OK:
		return "ok";
	case TROTH_ROOM_ALARM:
		return "alarm";
	case TROTH_ROOM_REFUSE:
		return "refuse";
	}
	return "ok";
}

static void out_link(struct troth_out *o, const struct troth_link_state *link)
{
	troth_out_object(o, "link");
	troth_out_bool(o, "up", link->up);
	if (link->since.ms != 0)
		troth_out_time(o, "since", link->since);
	else
		troth_out_null(o, "since");
	troth_out_uint(o, "backlog", link->backlog);
	troth_out_some_text(o, "trouble", link->trouble);
	troth_out_end_object(o);
}

void troth_get_status(struct troth_call *c)
{
	const struct troth_engine *engine = c->api->engine;
	struct troth_render r = troth_read_render(c);
	struct troth_link_state link = { .up = true };
	char brand[TROTH_PARTY_MAX + 1];
	struct troth_lookup lookup;
	struct troth_out o = troth_call_reply(c, 200);

	engine->link(engine->ctx, &link);
	troth_state_lookup(&lookup, &(struct troth_source){ .t = c->t }, brand);
	troth_out_text(&o, "node",
		       engine->kind == TROTH_NODE_CENTRAL ? "central" : "gateway");
	troth_out_text(&o, "version", TROTH_VERSION);
	troth_out_text(&o, "origin", engine->origin);
	troth_out_text(&o, "party", engine->party[0] != '\0' ? engine->party : brand);
	troth_out_text(&o, "site", engine->site);
	troth_out_text(&o, "brand", brand);
	troth_out_time(&o, "now", r.now);
	troth_out_time(&o, "started", c->api->started);
	troth_out_bool(&o, "ready", troth_server_is_ready(c->api->server));
	out_link(&o, &link);
	troth_out_uint(&o, "stream_len", troth_query_stream_len(c->t, engine->kind));
	troth_out_text(&o, "room", room_name(troth_kv_room(engine->kv)));
	troth_out_text(&o, "caller", c->caller.name);
	troth_scopes_out(&o, "scopes", c->caller.scopes);
	troth_render_freshness(&r, &o, (unsigned)link.backlog);
	troth_out_end_object(&o);
}

void troth_get_health(struct troth_call *c)
{
	struct troth_out o = troth_call_reply(c, 200);

	troth_out_text(&o, "status", "ok");
	troth_out_end_object(&o);
}

void troth_get_ready(struct troth_call *c)
{
	struct troth_out o;

	if (!troth_server_is_ready(c->api->server) ||
	    troth_kv_poisoned(c->api->engine->kv, NULL)) {
		troth_call_problem(c, TROTH_PROBLEM_STOPPING, NULL, "not ready");
		return;
	}
	o = troth_call_reply(c, 200);
	troth_out_text(&o, "status", "ready");
	troth_out_end_object(&o);
}

/* ---- Metrics (Prometheus text format) ---- */

static void metric(struct troth_buf *b, const char *name, const char *type,
		   const char *help, double value)
{
	troth_buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n%s %.17g\n", name, help, name,
			 type, name, value);
}

static void put_requests(struct troth_buf *b, const struct troth_metrics *m)
{
	troth_buf_put_str(b, "# HELP troth_http_requests_total Answers by class.\n"
			     "# TYPE troth_http_requests_total counter\n");
	for (unsigned i = 1; i < TROTH_LEN(m->requests); i++)
		troth_buf_printf(b, "troth_http_requests_total{class=\"%uxx\"} %llu\n", i,
				 (unsigned long long)m->requests[i]);
}

void troth_get_metrics(struct troth_call *c)
{
	const struct troth_engine *engine = c->api->engine;
	const struct troth_metrics *m = &c->api->metrics;
	struct troth_link_state link = { .up = true };
	struct troth_freshness f;
	struct troth_kv_usage usage = { 0 };
	struct troth_out o = troth_read_bare(c);
	struct troth_buf *b = o.b;

	engine->link(engine->ctx, &link);
	troth_query_freshness(c->t, &f);
	put_requests(b, m);
	metric(b, "troth_batched_requests_total", "counter", "Requests inside batches.",
	       (double)m->batched);
	metric(b, "troth_rate_limited_total", "counter", "Requests over a token's rate.",
	       (double)m->rate_limited);
	metric(b, "troth_requests_waiting", "gauge", "Requests that the core holds.",
	       (double)c->api->inflight);
	metric(b, "troth_connections", "gauge", "Open HTTP connections.",
	       (double)m->connections);
	metric(b, "troth_connections_refused_total", "counter",
	       "Connections over the limit.", (double)m->refused);
	metric(b, "troth_event_readers", "gauge", "Open event streams.",
	       (double)m->readers);
	metric(b, "troth_event_readers_cut_off_total", "counter",
	       "Event readers that took nothing for too long.", (double)m->cut_off);
	metric(b, "troth_position", "gauge", "Newest ledger position held here.",
	       (double)f.position);
	metric(b, "troth_as_of_timestamp_seconds", "gauge", "Last word from central.",
	       (double)f.as_of.ms / 1000);
	metric(b, "troth_link_up", "gauge", "1 while central can be reached.",
	       link.up ? 1 : 0);
	metric(b, "troth_backlog_events", "gauge",
	       "Events saved here and not yet sequenced.", (double)link.backlog);
	metric(b, "troth_start_timestamp_seconds", "gauge", "When the node started.",
	       (double)c->api->started.ms / 1000);
	if (troth_kv_usage(engine->kv, &usage, NULL) == TROTH_OK) {
		metric(b, "troth_store_used_bytes", "gauge", "Pages that hold something.",
		       (double)usage.used_bytes);
		metric(b, "troth_store_limit_bytes", "gauge", "What the map may grow to.",
		       (double)usage.limit_bytes);
		metric(b, "troth_store_room_bytes", "gauge", "Free on the disk.",
		       (double)usage.room_bytes);
	}
	c->content_type = "text/plain; version=0.0.4; charset=utf-8";
}
