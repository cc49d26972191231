/* SPDX-License-Identifier: MIT */
#include "proxy/lending.h"

void
lending_pass_on(struct workbench *bench)
{
	struct conn *conn = TAILQ_FIRST(&bench->wanting_loans);
	enum leg_name from;

	if (conn == NULL)
		return;
	from = conn->wants_loan & 1u << LEG_CLIENT ? LEG_CLIENT : LEG_UPSTREAM;
	conn->pumps[from].loan = loans_borrow(bench->tools.loans);
	conn->wants_loan &= (uint8_t) ~(1u << from);
	if (conn->wants_loan == 0)
		TAILQ_REMOVE(&bench->wanting_loans, conn, wanting);
	loop_ready(bench->loop, &conn->again);
}

static void
stop_wanting(struct conn *conn, enum leg_name from)
{
	if (!(conn->wants_loan & 1u << from))
		return;
	conn->wants_loan &= (uint8_t) ~(1u << from);
	if (conn->wants_loan == 0)
		TAILQ_REMOVE(&conn->bench->wanting_loans, conn, wanting);
}

void
lending_give_back(struct conn *conn, enum leg_name from)
{
	stop_wanting(conn, from);
	if (conn->pumps[from].loan == NULL)
		return;
	pump_fini(&conn->pumps[from], &conn->bench->tools);
	lending_pass_on(conn->bench);
}

void
lending_queue(struct conn *conn, enum leg_name from)
{
	struct workbench *bench = conn->bench;

	if (conn->wants_loan & 1u << from)
		return;
	totals_add(&bench->totals->counts[TOTAL_LOAN_WAITS], 1);
	if (conn->wants_loan == 0)
		TAILQ_INSERT_TAIL(&bench->wanting_loans, conn, wanting);
	conn->wants_loan |= (uint8_t)(1u << from);
}
