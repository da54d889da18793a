/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Octets that some readers drop, stop at, or take for line ends; limits; and
 * the messages of the RFCs' appendices.
 */
#include "fields.h"

#define IN_SUBJECT(text) .got = { FROM, TO, F("Subject", text) }
#define NO_TEXT "5322 2.2: printable ASCII, SP and HTAB in a field; no two " \
    "readers need agree"

static const struct dkim_case case_octets[] = {
	{ "NUL at the end of a signed field", NO_TEXT,
	    IN_SUBJECT(" dinner  time\0"), SYNTAX },
	{ "NUL and text after a signed field", NO_TEXT,
	    IN_SUBJECT(" dinner  time\0 and more"), SYNTAX },
	{ "NUL within a signed field", NO_TEXT,
	    IN_SUBJECT(" din\0ner  time"), SYNTAX },
	{ "VT for a blank", NO_TEXT, IN_SUBJECT(" dinner\vtime"), SYNTAX },
	{ "FF for a blank", NO_TEXT, IN_SUBJECT(" dinner\ftime"), SYNTAX },
	{ "bare CR for a blank", NO_TEXT, IN_SUBJECT(" dinner\rtime"),
	    SYNTAX },
	{ "bare CR beside a blank", NO_TEXT, IN_SUBJECT(" dinner \rtime"),
	    SYNTAX },
	{ "bare CR at the end", NO_TEXT, IN_SUBJECT(" dinner  time\r"),
	    SYNTAX },
	{ "bare LF for a blank", NO_TEXT, IN_SUBJECT(" dinner\ntime"),
	    SYNTAX },
	{ "CRLF without a blank", NO_TEXT, IN_SUBJECT(" dinner\r\ntime"),
	    SYNTAX },
	{ "CRLF at the end", NO_TEXT, IN_SUBJECT(" dinner  time\r\n"),
	    SYNTAX },
	{ "CR CR LF fold", NO_TEXT, IN_SUBJECT(" dinner\r\r\n time"), SYNTAX },
	{ "LF CR fold", NO_TEXT, IN_SUBJECT(" dinner\n\r time"), SYNTAX },
	{ "VT for a blank, simple", NO_TEXT, .form = "ss",
	    IN_SUBJECT(" dinner\v time"), SYNTAX },
	{ "bare CR, simple", NO_TEXT, .form = "ss",
	    IN_SUBJECT(" dinner\r time"), SYNTAX },
	{ "another control character", "6376 3.4: an octet as any other",
	    IN_SUBJECT(" dinner\x01 time"), BAD_HEADER },
	{ "DEL, as it was signed", "6376 3.4: an octet as any other",
	    .fields = { FROM, TO, F("Subject", " a\x7f") }, PASS },
	{ "all of them in fields that are not signed", "6376 5.4: not in h=",
	    .h = "from:to", .fields = { FROM, TO }, .got = { F("Subject",
	    " \0\v\f\r\n"), FROM, TO, F("X", "\r") }, PASS },
	{ "NUL in a Subject above the signed one", "6376 5.4.2: not that one",
	    .got = { F("Subject", " x\0"), FROM, TO, SUBJECT }, PASS },
	{ "NUL in a Subject below the signed one", "6376 5.4.2: that one",
	    .got = { FROM, TO, SUBJECT, F("Subject", " x\0") }, SYNTAX },

	{ "NUL in the signature", "6376 3.2: VALCHAR",
	    .got_sig = WITH("zz={nul}; "), SYNTAX },
	{ "NUL after the signature", "6376 3.2: VALCHAR",
	    .got_sig = PLAIN "{nul}; l=0", SYNTAX },
	{ "VT in the signature", "6376 2.8: FWS", .sig = WITH("\vzz=1; "),
	    SYNTAX },
	{ "FF in the signature", "6376 2.8: FWS", .sig = WITH("zz=\f; "),
	    SYNTAX },
	{ "bare CR in the signature", "6376 2.8: FWS", .sig = WITH("\rzz=1; "),
	    SYNTAX },
	{ "bare LF in the signature", "6376 2.8: FWS", .sig = WITH("\nzz=1; "),
	    SYNTAX },
	{ "CR CR LF in the signature", "6376 2.8: FWS",
	    .sig = WITH("\r\r\n zz=1; "), SYNTAX },
	{ "8-bit octet in an unknown tag", "6376 3.2: VALCHAR",
	    .sig = WITH("zz={ff}; "), SYNTAX },
	{ "UTF-8 in an unknown tag", "8616 5: d=, s=, i= and z= only",
	    .sig = WITH("zz={utf8}; "), SYNTAX },
	{ "UTF-8 in a tag name", "6376 3.2: tag-name",
	    .sig = WITH("{utf8}=1; "), SYNTAX },
	{ "UTF-8 in z=", "8616 5: copies of UTF-8 fields",
	    .sig = WITH("z=Subject:{utf8}; "), PASS },
	{ "control character in the signature", "6376 3.2: VALCHAR",
	    .sig = WITH("zz=\x01; "), SYNTAX },
	{ "DEL in the signature", "6376 3.2: VALCHAR",
	    .sig = WITH("zz=\x7f; "), SYNTAX },
	{ "folds by LF in the signature", "6376 5.3: line ends become CRLF",
	    .form = "ss", .sig = " " V A C "\r\n\t" D S H "\r\n " BH B,
	    .got_sig = " " V A C "\n\t" D S H "\n " BH B, PASS },
};

#define JUNK " v=1; a=rsa-sha256; d=example.net; s=sel; h=from; bh=47DEQpj8HB" \
    "Sa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA"
#define OWN_JUNK " v=1; a=rsa-sha256; d=example.com; s=sel; h=from; bh=47DEQp" \
    "j8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA"

static const struct dkim_case case_limits[] = {
	{ "among 14 others", "6376 6.1: as many as the verifier likes",
	    .above = JUNK, .above_count = 14, PASS },
	{ "the author's behind 60 others", "6376 6.1: in any order; the "
	    "author's own comes first", .above = JUNK, .above_count = 60,
	    PASS },
	{ "the seventh of the author's", "6376 6.1: MAY limit the number",
	    .above = OWN_JUNK, .above_count = 6, .limit = 6, LIMITED },
	{ "behind malformed ones", "6376 6.1: those are ignored",
	    .above = " v=1; rubbish", .above_count = 60, .limit = 1, PASS },
	{ "behind expired ones", "6376 6.1: those need no key",
	    .above = JUNK "; x=1", .above_count = 60, .limit = 1, PASS },
	{ "l= of the author's below other l=", "6376 6.1: in any order; the "
	    "author's own comes first", .sig = WITH("l=26; "),
	    .above = JUNK "; l={n}", .above_count = 9, PASS },
	{ "a second l= of the author's", "6376 8.2: each costs a pass over "
	    "the body, and a verifier MAY limit what it does",
	    .sig = WITH("l=26; "), .above = OWN_JUNK "; l={n}",
	    .above_count = 1, LIMITED },
	{ "the same l= again", "6376 8.2: that costs nothing more",
	    .sig = WITH("l=26; "), .above = OWN_JUNK "; c=relaxed/relaxed; "
	    "l=26", .above_count = 9, PASS },
	{ "no l= below others that have one", "6376 8.2: not limited by those",
	    .above = OWN_JUNK "; l={n}", .above_count = 60, PASS },
	{ "a failing one above", "6376 6.1: another one may verify",
	    .above = OWN_JUNK, .above_count = 1, PASS },
};

/* The RFCs show two blanks where one was signed. */
#define DINNER F("From", " Joe SixPack <joe@football.example.com>"), \
    F("To", " Suzie Q <suzie@shopping.example.net>"), \
    F("Subject", " Is dinner ready?"), \
    F("Date", " Fri, 11 Jul 2003 21:00:37 -0700 (PDT)"), \
    F("Message-ID", " <20030712040037.46341.5F8J@football.example.com>")
#define DINNER_BODY TEXT("Hi.\r\n\r\nWe lost the game. Are you hungry yet?" \
    "\r\n\r\nJoe.\r\n")
#define A2_KEY "brisbane._domainkey.example.com TXT \"v=DKIM1; p=MIGfMA0GCSqG" \
    "SIb3DQEBAQUAA4GNADCBiQ\" \"KBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/" \
    "zYt\" \"IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v\" \"/RtdC2UzJ1l" \
    "WT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhi\" \"tdY9tf6mcwGjaNBcWToIMmPSPDdQPN" \
    "UYckcQ2QIDAQAB\"\n"
#define A2_SIG " v=1; a=rsa-sha256; s=brisbane; d=example.com;" \
    "\r\n      c=simple/simple; q=dns/txt; i=joe@football.example.com;" \
    "\r\n      h=Received : From : To : Subject : Date : Message-ID;" \
    "\r\n      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;" \
    "\r\n      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB" \
    "\r\n      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut" \
    "\r\n      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV" \
    "\r\n      4bmp/YzhwvcubU4=;"
#define A2_RECEIVED F("Received", " from client1.football.example.com  " \
    "[192.0.2.1]\r\n      by submitserver.example.com with SUBMISSION;" \
    "\r\n      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)")
#define A8463_KEYS "brisbane._domainkey.football.example.com TXT \"v=DKIM1; " \
    "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n" \
    "test._domainkey.football.example.com TXT \"v=DKIM1; k=rsa; p=MIGfMA0GC" \
    "SqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR\" \"iGs5V6NpP3idY6Wk08a5qhdR" \
    "6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutAC\" \"DfzwQ/BC/e/8uBsCR+yz" \
    "1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3\" \"Ip3G+2kryOTIKT+l" \
    "/K4w3QIDAQAB\"\n"
#define A8463_ED " v=1; a=ed25519-sha256; c=relaxed/relaxed;" \
    "\r\n d=football.example.com; i=@football.example.com;" \
    "\r\n q=dns/txt; s=brisbane; t=1528637909; h=from : to :" \
    "\r\n subject : date : message-id : from : subject : date;" \
    "\r\n bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;" \
    "\r\n b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus" \
    "\r\n Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="
#define A8463_RSA " v=1; a=rsa-sha256; c=relaxed/relaxed;" \
    "\r\n d=football.example.com; i=@football.example.com;" \
    "\r\n q=dns/txt; s=test; t=1528637909; h=from : to : subject :" \
    "\r\n date : message-id : from : subject : date;" \
    "\r\n bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;" \
    "\r\n b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3" \
    "\r\n DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz" \
    "\r\n dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8="

static const struct dkim_case case_appendices[] = {
	{ "RFC 6376 A.2", "6376 A.3: it is verified", .got_sig = A2_SIG,
	    .zone = A2_KEY, .fields = { A2_RECEIVED, DINNER },
	    .body = DINNER_BODY, PASS },
	{ "RFC 6376 A.2, body altered", "6376 6.1.3", .got_sig = A2_SIG,
	    .zone = A2_KEY, .fields = { A2_RECEIVED, DINNER },
	    .body = TEXT("Hi.\r\n\r\nWe won the game. Are you hungry yet?"
	    "\r\n\r\nJoe.\r\n"), BAD_BODY },
	{ "RFC 6376 A.2, Received taken out", "6376 5.4: in h=",
	    .got_sig = A2_SIG, .zone = A2_KEY, .fields = { DINNER },
	    .body = DINNER_BODY, BAD_HEADER },
	{ "RFC 6376 A.2, another Received on top", "6376 5.4.2: bottom up",
	    .got_sig = A2_SIG, .zone = A2_KEY, .fields = { R1, A2_RECEIVED,
	    DINNER }, .body = DINNER_BODY, PASS },
	{ "RFC 8463 A.3, Ed25519", "8463 A.3", .got_sig = A8463_ED,
	    .zone = A8463_KEYS, .fields = { DINNER }, .body = DINNER_BODY,
	    PASS },
	{ "RFC 8463 A.3, RSA", "8463 A.3", .got_sig = A8463_RSA,
	    .zone = A8463_KEYS, .fields = { DINNER }, .body = DINNER_BODY,
	    PASS },
	{ "RFC 8463 A.3, Ed25519, another Subject", "6376 8.15: named twice",
	    .got_sig = A8463_ED, .zone = A8463_KEYS, .fields = { SUBJECT,
	    DINNER }, .body = DINNER_BODY, BAD_HEADER },
};
