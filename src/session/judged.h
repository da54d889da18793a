/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * judged: who is judged. The class of the client, the client behind a trusted
 * relay, HELO by its form, the author: evidence that is read, not checked.
 */
#include "session/transaction.h"

/* Class, and the client unless a relay stands before it. What is said of the
 * client before MAIL FROM stays; the class does not, for he may yet log in. */
void judge_client(struct transaction *t);

/* When the header is complete: the client behind a relay, the author, fields
 * that claim to be ours. */
void judge_headers(struct transaction *t);
