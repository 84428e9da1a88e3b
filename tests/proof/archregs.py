# SPDX-License-Identifier: Apache-2.0
"""What the architecture defines in the space of EL1 and EL0, and whose it is under Dormouse.

The table is the Arm ARM's (K, D19 and D24.2: encodings), the GIC's (IHI 0069, 12.2) and the CPUs' manuals as
far as QEMU models them. A row: encoding "op0 op1 CRn CRm op2" (a-b: a range), name, fate.

  list      in GUEST_SYSREGS (hyp/arch/guest_regs.h): switched with the vCPU
  fp        switched with FP/SIMD
  pstate    a view of PSTATE, which is switched with SPSR_EL2
  timer     switched by the virtual timer, or emulated
  gic       switched by the virtual GIC
  constant  reads alike for every guest, writes change nothing
  moves     a counter or a random number: nobody's state
  emulated  trapped; Dormouse answers, and keeps nothing
  hidden    trapped, and UNDEFINED for the guest, whether the CPU has it or not
"""

import re

FATES = ("list", "fp", "pstate", "timer", "gic", "constant", "moves", "emulated", "hidden")
KEPT = ("list", "fp", "pstate", "timer", "gic")  # those that may keep what is written

TABLE = """
2 0 0 0-15 4-7    DBGBVR, DBGBCR, DBGWVR, DBGWCR    emulated
2 0 0 0 2         OSDTRRX_EL1       emulated
2 0 0 2 0         MDCCINT_EL1       emulated
2 0 0 2 2         MDSCR_EL1         list
2 0 0 3 2         OSDTRTX_EL1       emulated
2 0 0 6 2         OSECCR_EL1        emulated
2 0 1 0 0         MDRAR_EL1         emulated
2 0 1 0 4         OSLAR_EL1         emulated
2 0 1 1 4         OSLSR_EL1         emulated
2 0 1 3 4         OSDLR_EL1         emulated
2 0 1 4 4         DBGPRCR_EL1       emulated
2 0 7 8 6         DBGCLAIMSET_EL1   emulated
2 0 7 9 6         DBGCLAIMCLR_EL1   emulated
2 0 7 14 6        DBGAUTHSTATUS_EL1 emulated
2 3 0 1 0         MDCCSR_EL0        emulated
2 3 0 4 0         DBGDTR_EL0        emulated
2 3 0 5 0         DBGDTRRX_EL0, DBGDTRTX_EL0  emulated
2 0 0 4 2         MDSELR_EL1        hidden
2 0 0 5 2         MDSTEPOP_EL1      hidden
3 0 0 0 0         MIDR_EL1          constant
3 0 0 0 5         MPIDR_EL1         constant
3 0 0 0 6         REVIDR_EL1        constant
3 0 0 1-7 0-7     ID registers      emulated
3 0 1 0 0         SCTLR_EL1         list
3 0 1 0 1         ACTLR_EL1         list
3 0 1 0 2         CPACR_EL1         list
3 0 1 0 3         SCTLR2_EL1        hidden
3 0 1 0 5         RGSR_EL1          hidden
3 0 1 0 6         GCR_EL1           hidden
3 0 1 2 0         ZCR_EL1           hidden
3 0 1 2 1         TRFCR_EL1         hidden
3 0 1 2 3         TRCITECR_EL1      hidden
3 0 1 2 4         SMPRI_EL1         constant
3 0 1 2 6         SMCR_EL1          hidden
3 0 1 4 0         SCTLRMASK_EL1     hidden
3 0 2 0 0         TTBR0_EL1         list
3 0 2 0 1         TTBR1_EL1         list
3 0 2 0 2         TCR_EL1           list
3 0 2 0 3         TCR2_EL1          hidden
3 0 2 1-2 0-3     APIAKey, APIBKey, APDAKey, APDBKey  hidden
3 0 2 3 0-1       APGAKey           hidden
3 0 2 5 0-2       GCSCR_EL1, GCSPR_EL1, GCSCRE0_EL1   hidden
3 0 4 0 0         SPSR_EL1          list
3 0 4 0 1         ELR_EL1           list
3 0 4 1 0         SP_EL0            list
3 4 4 1 0         SP_EL1            list
3 0 4 2 0         SPSel             pstate
3 0 4 2 2         CurrentEL         pstate
3 0 4 2 3         PAN               pstate
3 0 4 2 4         UAO               pstate
3 0 4 3 0         ALLINT            pstate
3 0 4 3 1         PM                hidden
3 0 4 6 0         ICC_PMR_EL1       gic
3 0 5 1 0         AFSR0_EL1         list
3 0 5 1 1         AFSR1_EL1         list
3 0 5 2 0         ESR_EL1           list
3 0 5 3 0-1       ERRIDR_EL1, ERRSELR_EL1        hidden
3 0 5 4 0-7       ERXFR_EL1 and on               hidden
3 0 5 5 0-7       ERXMISC0_EL1 and on            hidden
3 0 5 6 0-1       TFSR_EL1, TFSRE0_EL1           hidden
3 0 6 0 0         FAR_EL1           list
3 0 6 0 5         PFAR_EL1          hidden
3 0 7 4 0         PAR_EL1           list
3 0 9 9-11 0-7    SPE, TRBE         hidden
3 0 9 13-14 0-7   PMU, SPMU         hidden
3 0 10 2 0        MAIR_EL1          list
3 0 10 2 1        MAIR2_EL1         hidden
3 0 10 2 2-5      PIRE0_EL1, PIR_EL1, POR_EL1, S2POR_EL1  hidden
3 0 10 3 0        AMAIR_EL1         list
3 0 10 3 1        AMAIR2_EL1        hidden
3 0 10 4 0-7      LORSA_EL1 and on  hidden
3 0 10 5 0-4      MPAM              hidden
3 0 12 0 0        VBAR_EL1          list
3 0 12 0 1        RVBAR_EL1         hidden
3 0 12 0 2        RMR_EL1           hidden
3 0 12 1 0        ISR_EL1           moves
3 0 12 1 1        DISR_EL1          list
3 0 12 8-9 0-7    ICC_IAR0_EL1 to ICC_AP1R3_EL1, ICC_NMIAR1_EL1  gic
3 0 12 11 1       ICC_DIR_EL1       gic
3 0 12 11 3       ICC_RPR_EL1       gic
3 0 12 11 5-7     ICC_SGI1R_EL1, ICC_ASGI1R_EL1, ICC_SGI0R_EL1   gic
3 0 12 12 0-7     ICC_IAR1_EL1 to ICC_IGRPEN1_EL1  gic
3 0 13 0 1        CONTEXTIDR_EL1    list
3 0 13 0 3        RCWSMASK_EL1      hidden
3 0 13 0 4        TPIDR_EL1         list
3 0 13 0 5        ACCDATA_EL1       hidden
3 0 13 0 6        RCWMASK_EL1       hidden
3 0 13 0 7        SCXTNUM_EL1       hidden
3 0 14 1 0        CNTKCTL_EL1       list
3 1 0 0 0         CCSIDR_EL1        constant
3 1 0 0 1         CLIDR_EL1         constant
3 1 0 0 2         CCSIDR2_EL1       constant
3 1 0 0 4         GMID_EL1          hidden
3 1 0 0 6         SMIDR_EL1         constant
3 1 0 0 7         AIDR_EL1          constant
3 1 9 7 0-7       BRBE              hidden
3 1 11 0 2-3      L2CTLR_EL1, L2ECTLR_EL1        constant
3 1 15 0-3 0-7    CPUACTLR_EL1 and its like      constant
3 2 0 0 0         CSSELR_EL1        list
3 3 0 0 1         CTR_EL0           constant
3 3 0 0 7         DCZID_EL0         constant
3 3 2 4 0-1       RNDR, RNDRRS      moves
3 3 2 5 1         GCSPR_EL0         hidden
3 3 4 2 0         NZCV              pstate
3 3 4 2 1         DAIF              pstate
3 3 4 2 2         SVCR              hidden
3 3 4 2 5         DIT               pstate
3 3 4 2 6         SSBS              pstate
3 3 4 2 7         TCO               pstate
3 3 4 4 0         FPCR              fp
3 3 4 4 1         FPSR              fp
3 3 4 4 2         FPMR              hidden
3 3 9 12-14 0-7   PMU               hidden
3 3 10 2 4        POR_EL0           hidden
3 3 13 0 2        TPIDR_EL0         list
3 3 13 0 3        TPIDRRO_EL0       list
3 3 13 0 5        TPIDR2_EL0        list
3 3 13 0 7        SCXTNUM_EL0       hidden
3 3 13 2-15 0-7   AMU               hidden
3 3 14 0 0        CNTFRQ_EL0        constant
3 3 14 0 1-2      CNTPCT_EL0, CNTVCT_EL0         moves
3 3 14 0 5-6      CNTPCTSS_EL0, CNTVCTSS_EL0     moves
3 3 14 2 0-2      CNTP_TVAL_EL0, CNTP_CTL_EL0, CNTP_CVAL_EL0  timer
3 3 14 3 0-2      CNTV_TVAL_EL0, CNTV_CTL_EL0, CNTV_CVAL_EL0  timer
3 3 14 8-15 0-7   PMU counters      hidden
3 7 14 2 0-2      CNTPS_TVAL_EL1 and on          hidden
"""

# What a field of an ID register brings, up to the value that is accounted for here; 0xf: a signed
# field's "not there". A field that a CPU has beyond its limit is one that nobody has looked at.
# "REGISTER: field's lowest bit=limit ...". Features without registers of EL1 or EL0 count, too.
ID_LIMITS = """
PFR0:   0=2 4=2 8=2 12=2 16=15 20=15 24=1 28=2 32=1 36=1 40=1 44=2 48=1 52=1 56=3 60=1
PFR1:   0=1 4=2 8=3 12=1 16=1 20=0 24=2 28=1 32=2 36=1 40=0 44=1 48=1 52=0 56=0 60=0
ZFR0:   0=2 4=2 16=1 20=2 24=0 32=1 40=1 44=1 52=1 56=1
SMFR0:  32=15 36=15 40=1 44=15 48=15 52=15 56=15 60=8
DFR0:   0=10 4=1 8=9 12=15 16=15 20=15 24=15 28=15 32=4 36=15 40=1 44=1 48=1 52=2 56=0 60=15
ISAR0:  4=2 8=1 12=2 16=1 20=3 24=1 28=1 32=1 36=1 40=1 44=1 48=1 52=2 56=2 60=1
ISAR1:  0=2 4=5 8=5 12=1 16=1 20=3 24=1 28=1 32=1 36=1 40=1 44=2 48=1 52=1 56=3 60=3
ISAR2:  0=2 4=1 8=1 12=5 16=1 20=1 24=2 28=1 32=1 36=1 40=1 44=1 48=1 52=1 56=1
MMFR0:  0=6 4=2 8=1 12=1 16=1 20=2 24=15 28=15 32=3 36=2 40=3 44=1 48=0 56=2 60=2
MMFR1:  0=2 4=2 8=1 12=2 16=1 20=3 24=1 28=1 32=1 36=1 40=1 44=1 48=1 52=1 56=1 60=1
MMFR2:  0=1 4=1 8=1 12=1 16=1 20=1 24=2 28=1 32=1 36=1 40=1 48=2 52=2 56=2 60=1
MMFR3:  0=1 4=1 8=1 12=1 16=1 20=1 24=1 28=1 60=15
"""


def _span(text):
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def encode(op0, op1, crn, crm, op2):
    """The bits of MRS that say which."""
    return op0 << 19 | op1 << 16 | crn << 12 | crm << 8 | op2 << 5


def spell(enc):
    return f"S{enc >> 19 & 3}_{enc >> 16 & 7}_C{enc >> 12 & 15}_C{enc >> 8 & 15}_{enc >> 5 & 7}"


def table():
    """{encoding: (name, fate)}; a later row doesn't take what an earlier one has."""
    out = {}
    for line in TABLE.strip().splitlines():
        match = re.match(r"(\S+) (\S+) (\S+) (\S+) (\S+)\s+(.*\S)\s+(\w+)$", line)
        *where, name, fate = match.groups()
        if fate not in FATES:
            raise ValueError(line)
        op0, op1, crn, crms, op2s = (_span(text) for text in where)
        for crm in crms:
            for op2 in op2s:
                out.setdefault(encode(op0[0], op1[0], crn[0], crm, op2), (name, fate))
    return out


def judge(seen, listed):
    """What of a walk may not be. seen: {encoding: class}, listed: {encoding: field} of GUEST_SYSREGS."""
    known = table()
    wrong = []
    for enc, kind in sorted(seen.items()):
        name, fate = known.get(enc, (None, None))
        if name is None:
            wrong.append(f"{spell(enc)} ({kind}): a guest has it, and it isn't in the table")
        elif fate == "hidden":
            wrong.append(f"{name} {spell(enc)} ({kind}): should be hidden from guests")
        elif kind == "keeps" and fate not in KEPT:
            wrong.append(f"{name} {spell(enc)}: keeps what is written, but is {fate}")
        elif fate == "list" and enc not in listed:
            wrong.append(f"{name} {spell(enc)} ({kind}): not in GUEST_SYSREGS")
    for enc, field in listed.items():
        if known.get(enc, (None, None))[1] != "list":
            wrong.append(f"{field} {spell(enc)}: in GUEST_SYSREGS, and not in the table")
    return wrong


def unknown_features(ids):
    """Fields of the machine's own ID registers that go beyond ID_LIMITS. ids: {"PFR0": value, ...}"""
    limits = {}
    for line in ID_LIMITS.strip().splitlines():
        name, _, fields = line.partition(":")
        limits[name] = {int(lo): int(most) for lo, most in (f.split("=") for f in fields.split())}
    out = []
    for name, value in sorted(ids.items()):
        for lo in range(0, 64, 4):
            field = value >> lo & 15
            if field > limits.get(name, {}).get(lo, 0):
                out.append(f"ID_AA64{name}_EL1[{lo + 3}:{lo}] is {field}: its registers aren't in the table")
    return out
