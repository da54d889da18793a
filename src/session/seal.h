/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * seal: our ARC set on top of a message that goes on, if we are to seal.
 */
#include "session/transaction.h"

/*
 * After all other edits: what is signed is the header as they make it. Puts the
 * three fields before what is added already, or says in o->unsealed why not;
 * the message goes on either way.
 */
void seal_prepare(struct transaction *t, struct outcome *o);
