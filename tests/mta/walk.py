# SPDX-License-Identifier: BSD-2-Clause
import subprocess, postfix, play
from hostile import reload
from letter import Letter, message_id
from smtp import Client, Refused
import shutil, pathlib
RULE = open("/tmp/uw/rule.txt").read()
N=[0]
def show(lab, *argv):
    d = subprocess.run([lab.assay]+[str(a) for a in argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    print("$ assay", " ".join(str(a) for a in argv)); print(d.stdout.decode()); print("rc", d.returncode)
def post(lab, author, mail, source="192.0.2.10", **how):
    N[0]+=1
    c = Client(postfix.ADDRESS, 2529, source)
    c.hello("mail.example.com")
    try:
        c.envelope(mail, ["bob@example.org"])
        r = c.data(Letter(author, **how).write(lab.keys, message_id("walk", N[0])))
    except Refused as e: r = e.reply
    c.quit()
    f = play.QUEUE_ID.search(r)
    return r, f and lab.sinks["postfix"].wait(f.group(1))
def walk(lab):
    folder = lab.root/"walk"
    shutil.copytree("/work/dev/wt-user/policy", folder)
    mine = folder/"mine.policy"
    std = (folder/"standard.policy").read_text()
    mine.write_text(std.replace("default accept\n", RULE+"\ndefault accept\n",1))
    (folder/"standard.policy")
    d = lab.daemon("walk", "unix:%s/walk.sock"%lab.root, mine)
    cf = ["--conf", d.conf]
    r, m = post(lab, "x@none.example.net", "x@none.example.net")
    print(r); print(m.raw.decode()[:800]); print(d.text()[-900:])
    subprocess.run(["sleep","2"])
    id = play.verdicts(d.text())[-1]["id"]
    show(lab, "explain", id, *cf)
    show(lab, "history", *cf)
    show(lab, "history", "--observed", "forged-supplier", *cf)
    prev = folder/"before.policy"; shutil.copy(mine, prev)
    mine.write_text(mine.read_text().replace("forged-supplier observe {","forged-supplier {").replace("without proof\"\n","without proof\"\n    sample 10%\n").replace("expect observe by","expect reject by"))
    show(lab, "policy", "check", mine, *cf)
    show(lab, "policy", "diff", prev, mine, "--since", "1h", *cf)
    show(lab, "replay", "--since", "1h", "--policy", mine, *cf)
    print(reload(d, "reloaded: policy mine"))
    n=0; rej=None; acc=None
    for i in range(200):
        r, m = None, None
        a = "u%d@none.example.net" % i
        c = Client(postfix.ADDRESS, 2529, "192.0.2.10"); c.hello("mail.example.com"); c.envelope(a, ["bob@example.org"])
        r = c.data(Letter("x@none.example.net").write(lab.keys, message_id("walk-s", i))); c.quit()
        if r[0]=="5": n+=1; rej=rej or (a,r)
        else: acc = acc or (a,r)
    print("refused", n, rej, acc)
    print("\n".join(d.text().splitlines()[-60:-56]))
    subprocess.run(["sleep","2"])
    show(lab, "explain", rej[1].rpartition("(id ")[2].rstrip(")"), *cf)
    show(lab, "history", "--limit", "5", *cf)
    full = folder/"full.policy"
    full.write_text(mine.read_text().replace("    sample 10%\n",""))
    show(lab, "policy", "diff", mine, full, "--since", "1h", *cf)
    show(lab, "replay", "--since", "1h", "--policy", full, *cf)
    mine.write_text(full.read_text())
    print(reload(d, "reloaded: policy mine"))
    r, m = post(lab, "x@quar.example.net", "x@quar.example.net")
    print(m.raw.decode()[:900])
    subprocess.run(["sleep","2"])
    show(lab, "explain", m.values("Assay-Result")[0].partition("id=")[2].partition(";")[0], *cf)
    r, m = post(lab, "x@strict.example.net", "x@evil.example.net", source="192.0.2.66", subject="a; b")
    print(r)
    subprocess.run(["sleep","2"])
    show(lab, "explain", r.rpartition("(id ")[2].rstrip(")"), *cf)
    d.stop()
    print(d.text()[-6000:])
    return []
SCENARIOS = [("walk", "x", walk)]
