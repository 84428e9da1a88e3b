/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Dormouse shares with the world outside of it and Xen's ABI has no word for. Little-endian,
 * naturally aligned.
 *
 * First, the records of the suspend journal, as they lie in memory. A reader takes only records
 * whose magic, version and checksum fit, so that it may look at any bytes. Then the control
 * domain's own hypercall.
 */
#ifndef ABI_DORMOUSE_H
#define ABI_DORMOUSE_H

#include <stddef.h>
#include <stdint.h>

#define DM_JOURNAL_MAGIC        0x4c4a4d44 /* "DMJL" */
#define DM_JOURNAL_RECORD_MAGIC 0x524a4d44 /* "DMJR" */
#define DM_JOURNAL_VERSION      1

#define DM_JOURNAL_STEP_SIZE   20
#define DM_JOURNAL_DEVICE_SIZE 16
#define DM_JOURNAL_OWNER_SIZE  32

enum dm_journal_kind {
	DM_JOURNAL_STEP = 0,  /* one call of one row's hook */
	DM_JOURNAL_CYCLE = 1, /* how the whole request ended; follows its steps */
	DM_JOURNAL_THAW = 2,  /* a domain went on: owner, stopped at start, went on at end */
};

enum dm_journal_phase {
	DM_PHASE_CHECK,
	DM_PHASE_FREEZE,
	DM_PHASE_CPUS,
	DM_PHASE_DEVICES,
	DM_PHASE_CORE,
	DM_PHASE_COMMIT,
	DM_NR_PHASES,
};

enum dm_journal_dir {
	DM_DIR_SUSPEND,
	DM_DIR_RESUME,
	DM_DIR_UNDO,
	DM_NR_DIRS,
};

enum dm_journal_outcome {
	DM_OUTCOME_NONE,          /* a step's record */
	DM_OUTCOME_SLEPT,         /* the power went and came back */
	DM_OUTCOME_DID_NOT_SLEEP, /* a wake-up was pending */
	DM_OUTCOME_FAILED,        /* a step failed or the firmware refused; all is as before */
	DM_OUTCOME_TEST,          /* came back from the phase that a test asked for */
	DM_NR_OUTCOMES,
};

#define DM_JOURNAL_OPEN    0x1         /* flags: the hook has not come back (yet) */
#define DM_JOURNAL_LATE    0x2         /* it took longer than its row declares */
#define DM_JOURNAL_UNAWARE 0x4         /* thaw: it was stopped without having suspended */
#define DM_JOURNAL_EARLIER 0x8         /* of a boot before this one */
#define DM_JOURNAL_NO_WAKE 0xffffffffu /* wake_intid: not known, or none */

struct dm_journal_record {
	uint32_t magic;    /* DM_JOURNAL_RECORD_MAGIC */
	uint32_t checksum; /* CRC-32 (polynomial 0xedb88320) of all that follows */
	uint64_t sequence; /* from 1 on; its slot is (sequence - 1) % the ring's size */
	uint16_t version;  /* DM_JOURNAL_VERSION */
	uint16_t cpu;
	uint8_t kind;  /* enum dm_journal_kind */
	uint8_t phase; /* of the step; of the failed step in a cycle's record */
	uint8_t dir;
	uint8_t outcome;
	uint32_t cycle; /* counts suspend requests from 1 on */
	int32_t result; /* 0 or -errno (lib/err.h); commit: 0, 1 (did not sleep) or PSCI's error */
	uint64_t start; /* counter ticks */
	uint64_t end;
	/* cycle: ticks from the firmware's call to the first look after it. thaw: ticks that the
	 * domain's counter was held back. */
	uint64_t asleep;
	uint32_t wake_intid; /* cycle */
	uint32_t flags;
	char step[DM_JOURNAL_STEP_SIZE];     /* the row's name; cycle: the failed row's, or empty */
	char device[DM_JOURNAL_DEVICE_SIZE]; /* cycle: what woke; zero-terminated */
	char owner[DM_JOURNAL_OWNER_SIZE];   /* cycle, thaw: the domain's name, or "dormouse" */
	uint32_t reserved;
};

_Static_assert(sizeof(struct dm_journal_record) == 136, "journal record's layout");
_Static_assert(offsetof(struct dm_journal_record, sequence) == 8, "journal record's layout");
_Static_assert(offsetof(struct dm_journal_record, cycle) == 24, "journal record's layout");
_Static_assert(offsetof(struct dm_journal_record, start) == 32, "journal record's layout");
_Static_assert(offsetof(struct dm_journal_record, wake_intid) == 56, "journal record's layout");
_Static_assert(offsetof(struct dm_journal_record, step) == 64, "journal record's layout");
_Static_assert(offsetof(struct dm_journal_record, device) == 84, "journal record's layout");
_Static_assert(offsetof(struct dm_journal_record, owner) == 100, "journal record's layout");

/* --- hypercall 48 ------------------------------------------------------------------------ */

/*
 * hvc #0xea1, x16 = 48, x0 = address of a struct dm_op (the caller's virtual address, as with all
 * of Xen's calls). x0 comes back as 0 or a negative error number (lib/err.h; Xen's and Linux's
 * values). On 0 the whole struct is written back; otherwise nothing of the caller's memory changed,
 * but for what lies in a buffer behind an -EFAULT.
 *
 * Dom0 only. Errors of every op:
 *   -EPERM   the caller isn't privileged           -ENOSYS  no such op
 *   -EACCES  version isn't DM_OP_VERSION           -EFAULT  the struct or a buffer isn't there
 *   -ESRCH   no such domain
 * Other errors stand with the op. Domain ids above 0x7fef are none. What lies behind the op's
 * struct in the union is neither read nor changed.
 *
 * Lists: an op that fills a buffer takes a cursor, does a bounded part and moves the cursor;
 * *count* says how many elements are in the buffer, 0 that there are no more. Begin with cursor 0.
 * A count below what the buffer holds is not the end. What changes meanwhile is seen or not;
 * nothing is seen twice. max = 0 is -EINVAL.
 *
 * Times in nanoseconds are of the system counter since power-up, sleep included.
 */
#define DM_HYPERCALL  48
#define DM_OP_VERSION 1

/* A domain's name: 1 to 31 bytes, printable ASCII without blanks and '/', and a zero. */
#define DM_NAME_SIZE  32
#define DM_DOMID_NONE 0xffff

enum dm_op_nr {
	DM_OP_INFO = 0,
	DM_OP_DOMAINS = 1,
	DM_OP_JOURNAL = 2,
	DM_OP_BLOCKERS = 3,
	DM_OP_WAKEUP = 4,
	DM_OP_POLICY = 5,
	DM_OP_KEY = 6,
	DM_OP_RESUME = 7,
	DM_OP_DOM0_READY = 8,
	DM_OP_TEST = 9,
	DM_OP_CONSOLE_READ = 10,
	DM_OP_CONSOLE_WRITE = 11,
	DM_OP_NAME = 12,
	DM_OP_DEVICES = 13,
	DM_OP_FAULTS = 14,
	DM_NR_OPS
};

/* --- DM_OP_INFO: the hypervisor and the machine. All of it out. */
#define DM_INFO_HOST_SUSPEND 0x1 /* the machine can sleep: firmware and drivers are able to */
#define DM_INFO_TEST         0x2 /* DM_OP_TEST is allowed */
#define DM_INFO_FAULTS       0x4 /* DM_OP_FAULTS is: debug-power is on the command line */

struct dm_op_info {
	uint64_t now_ns;
	uint64_t now_ticks;        /* the same moment, as in the journal's start and end */
	uint32_t ticks_per_second; /* of the counter */
	uint32_t flags;            /* DM_INFO_* */
	uint64_t journal_last;     /* sequence number of the newest record, 0: none */
	uint32_t sleeps[8]; /* suspend requests since boot by enum dm_journal_outcome; the rest 0 */
	uint32_t grace_ms;  /* how long other domains wait for DM_OP_DOM0_READY after a wake-up */
	uint32_t nr_cpus;   /* online now */
	char version[24];   /* zero-terminated */
};

/* --- DM_OP_DOMAINS: the true state of the domains, ascending ids. */
enum dm_domain_state {
	DM_STATE_BUILDING = 0,
	DM_STATE_RUNNING = 1,
	DM_STATE_SUSPENDED = 2, /* by its PSCI SYSTEM_SUSPEND; Xen's calls show it as blocked */
	DM_STATE_SHUTDOWN = 3,  /* shutdown_reason says why */
	DM_STATE_CRASHED = 4,
	DM_STATE_DYING = 5, /* destroyed; its memory is on its way back */
};

/* Where a wake-up comes from, and what may be switched off. */
#define DM_WAKE_ALARM   0x01 /* its RTC's alarm */
#define DM_WAKE_CONSOLE 0x02 /* input on its console */
#define DM_WAKE_DEVICE  0x04 /* an interrupt of a device that it was given */
#define DM_WAKE_EVENT   0x08 /* an event channel, its mask ignored */
#define DM_WAKE_KEY     0x10 /* its sleep or power key */
#define DM_WAKE_COMMAND 0x20 /* DM_OP_RESUME, XEN_DOMCTL_resumedomain */
#define DM_WAKE_ALL     0x3f

/* As `dormouse,host-suspend` of the device tree. */
enum dm_host_suspend {
	DM_HOST_SUSPEND_FREEZE = 0,
	DM_HOST_SUSPEND_REQUIRE = 1,
	DM_HOST_SUSPEND_VETO = 2,
	DM_NR_HOST_SUSPENDS
};

/* As `dormouse,time`. */
enum dm_time {
	DM_TIME_CONTINUOUS = 0,
	DM_TIME_FROZEN = 1,
	DM_NR_TIMES,
};

#define DM_DOMAIN_PRIVILEGED 0x01
#define DM_DOMAIN_CONSOLE    0x02 /* it has an emulated UART: DM_OP_CONSOLE_* work */
#define DM_DOMAIN_RTC        0x04
#define DM_DOMAIN_KEYS       0x08 /* DM_OP_KEY works */
#define DM_DOMAIN_FOCUS      0x10 /* it gets what is typed on the machine's console */
#define DM_DOMAIN_SLEPT      0x20 /* last wake-up: it had slept (else it was pending at the call) */

struct dm_domain {
	uint16_t domid;
	uint8_t state;           /* enum dm_domain_state; a pause is counted apart */
	uint8_t shutdown_reason; /* Xen's SHUTDOWN_*; 0xff: none */
	uint32_t flags;          /* DM_DOMAIN_* */
	uint32_t pause_count;    /* it runs only while this is 0 */
	uint32_t nr_vcpus;
	uint32_t nr_online; /* vCPUs that are on */
	uint32_t weight;
	uint32_t cap;         /* percent of one CPU, 0: none */
	uint8_t host_suspend; /* enum dm_host_suspend */
	uint8_t time;         /* enum dm_time */
	uint16_t reserved;
	uint32_t wake_sources;   /* DM_WAKE_* that may wake it */
	uint32_t last_wake;      /* DM_WAKE_* that woke it last, 0: none yet */
	uint32_t last_wake_id;   /* its interrupt or event channel; 0xffffffff: neither */
	char last_wake_name[16]; /* of the device, may be empty; zero-terminated */
	uint32_t suspends;       /* how often it suspended itself */
	uint64_t tot_pages;      /* of 4 KiB */
	uint64_t max_pages;
	uint64_t cpu_time_ns;
	uint64_t wakeups; /* how often one of its vCPUs came out of waiting; for `top` */
	char name[DM_NAME_SIZE];
};

struct dm_op_list {      /* DM_OP_DOMAINS, DM_OP_JOURNAL, DM_OP_BLOCKERS */
	uint64_t cursor; /* in, out */
	uint64_t buffer; /* in: address of max elements */
	uint32_t max;    /* in */
	uint32_t count;  /* out */
};

/*
 * --- DM_OP_JOURNAL: struct dm_journal_record, oldest first, as they are in the ring; the cursor is
 * the sequence number of the first that is wanted, and behind the last one given. What was
 * overwritten is skipped: the numbers show the gap. A record whose step is still under way has
 * DM_JOURNAL_OPEN.
 */

/* --- DM_OP_BLOCKERS: what would refuse the machine's sleep now. None: it may go. */
struct dm_blocker {
	uint16_t domid; /* DM_DOMID_NONE: the machine itself */
	uint16_t reserved[3];
	char name[DM_NAME_SIZE]; /* of the domain, or of the step that objects */
	char reason[88];         /* a sentence for a human; zero-terminated */
};

/*
 * --- DM_OP_WAKEUP: switches the bits of `change` to what they are in `sources`. change = 0: only
 * reads. -EINVAL: a bit that isn't in DM_WAKE_ALL; -EOPNOTSUPP: Dom0 (the machine's are its own).
 */
struct dm_op_wakeup {
	uint16_t domid;
	uint16_t reserved;
	uint32_t change;
	uint32_t sources; /* in; out: all that are on now */
};

/*
 * --- DM_OP_POLICY: sets what `set` names, gives all. -EINVAL: a value that isn't there;
 * -EOPNOTSUPP: Dom0.
 */
#define DM_POLICY_HOST_SUSPEND 0x1
#define DM_POLICY_TIME         0x2
#define DM_POLICY_VETO_MS      0x4

struct dm_op_policy {
	uint16_t domid;
	uint16_t reserved;
	uint32_t set;          /* DM_POLICY_*; 0: only reads */
	uint32_t host_suspend; /* in, out: enum dm_host_suspend */
	uint32_t time;         /* in, out: enum dm_time */
	uint32_t veto_ms;      /* in, out: how long `veto` waits for it to suspend; 1 to 600000 */
};

/*
 * --- DM_OP_KEY: presses and releases a key of the domain's (gpio-keys on its PL061). It is up to
 * the guest what it makes of it. -EOPNOTSUPP: it has no such key, or is Dom0; -EINVAL: no such key
 * at all; -EBUSY: it is not running (the sleep key of a suspended domain wakes it, if DM_WAKE_KEY
 * is on).
 */
enum dm_key {
	DM_KEY_SLEEP = 0,   /* asks it to suspend itself */
	DM_KEY_POWER = 1,   /* asks it to shut down */
	DM_KEY_RESTART = 2, /* asks it to reboot */
	DM_NR_KEYS
};

struct dm_op_key {
	uint16_t domid;
	uint16_t key;
};

/*
 * --- DM_OP_RESUME, by u.domid: wakes it. -EINVAL: it isn't suspended; -EPERM: DM_WAKE_COMMAND is
 * off for it.
 */

/*
 * --- DM_OP_DOM0_READY, no argument: the devices are back, the domains that wait since the wake-up
 * go on now.
 */

/*
 * --- DM_OP_TEST, by u.phase: the next suspend request turns back after that phase (enum
 * dm_journal_phase) as after a real sleep. DM_TEST_OFF takes it back. -EINVAL: no such phase, or
 * commit.
 */
#define DM_TEST_OFF 0xffffffffu

/*
 * --- DM_OP_CONSOLE_READ: the output of its emulated UART. The last 4 KiB are kept, also while
 * nobody reads and after the domain went down. DM_OP_CONSOLE_WRITE: input for it; wakes it as
 * typing does. -ENODEV: it has no such console.
 */
struct dm_op_console {
	uint16_t domid;
	uint16_t reserved;
	uint32_t size;   /* in: of the buffer, or bytes to write; more than 4 KiB are cut to that */
	uint64_t buffer; /* in */
	uint64_t cursor; /* read: in, out: byte number since its start; what was lost is skipped */
	uint32_t count;  /* out: bytes read, or taken (fewer when its queue is full) */
	uint32_t reserved1;
};

/*
 * --- DM_OP_NAME: set = 1 names the domain; 0 gives its name. -EINVAL: not a name, or set isn't 0
 * or 1; -EEXIST: another domain's.
 */
struct dm_op_name {
	uint16_t domid;
	uint16_t set;
	char name[DM_NAME_SIZE];
};

/*
 * --- DM_OP_DEVICES: gives a domain that was made by XEN_DOMCTL_createdomain and has not been
 * given a vCPU's registers yet, emulated devices, the same as a dom0less one has, and says where
 * all of its devices are: what its device tree needs. add = 0: only says. -EBUSY: it has been;
 * -EEXIST: it has one of them; -EINVAL: a bit that isn't there; -ENOMEM; -EOPNOTSUPP: Dom0.
 */
#define DM_DEVICE_UART 0x1 /* PL011 */
#define DM_DEVICE_RTC  0x2 /* PL031 */
#define DM_DEVICE_KEYS 0x4 /* PL061 with gpio-keys: lines DOMU_GPIO_* (abi/domu.h), active high */

struct dm_device {
	uint64_t base;  /* IPA */
	uint32_t size;  /* bytes; 0: it isn't there */
	uint32_t intid; /* 32 and up (an SPI, level, high); 0: none */
};

struct dm_op_devices {
	uint16_t domid;
	uint16_t gic_version; /* out: 2 or 3 */
	uint32_t add;         /* in: DM_DEVICE_* */
	struct dm_device uart;
	struct dm_device rtc;
	struct dm_device keys;
	struct dm_device gicd;
	struct dm_device gic_cpu; /* GICv2: GICC; GICv3: redistributors, 128 KiB each */
};

/*
 * --- DM_OP_FAULTS: faults for the suspend requests from now on, as debug-power= on the command line has
 * them; they take the place of all that were planned. size 0: none any more. -EOPNOTSUPP: not
 * DM_INFO_FAULTS; -EINVAL: no such text (the log says why) or too long; -ENOSPC: too many;
 * -EBUSY: a request is under way.
 */
#define DM_FAULTS_MAX 255

struct dm_op_faults {
	uint64_t buffer; /* in: the text, without a zero */
	uint32_t size;   /* in: bytes of it */
	uint32_t reserved;
};

struct dm_op {
	uint32_t version; /* DM_OP_VERSION */
	uint32_t op;      /* enum dm_op_nr */
	union {
		struct dm_op_info info;
		struct dm_op_list list;
		struct dm_op_wakeup wakeup;
		struct dm_op_policy policy;
		struct dm_op_key key;
		struct dm_op_console console;
		struct dm_op_name name;
		struct dm_op_devices devices;
		struct dm_op_faults faults;
		uint16_t domid;
		uint32_t phase;
		uint64_t pad[15];
	} u;
};

_Static_assert(sizeof(struct dm_op_info) == 96, "dm_op_info's layout");
_Static_assert(offsetof(struct dm_op_info, journal_last) == 24, "dm_op_info's layout");
_Static_assert(offsetof(struct dm_op_info, version) == 72, "dm_op_info's layout");
_Static_assert(sizeof(struct dm_domain) == 128, "dm_domain's layout");
_Static_assert(offsetof(struct dm_domain, wake_sources) == 32, "dm_domain's layout");
_Static_assert(offsetof(struct dm_domain, tot_pages) == 64, "dm_domain's layout");
_Static_assert(offsetof(struct dm_domain, name) == 96, "dm_domain's layout");
_Static_assert(sizeof(struct dm_op_list) == 24, "dm_op_list's layout");
_Static_assert(offsetof(struct dm_op_list, count) == 20, "dm_op_list's layout");
_Static_assert(sizeof(struct dm_blocker) == 128, "dm_blocker's layout");
_Static_assert(offsetof(struct dm_blocker, reason) == 40, "dm_blocker's layout");
_Static_assert(sizeof(struct dm_op_wakeup) == 12, "dm_op_wakeup's layout");
_Static_assert(sizeof(struct dm_op_policy) == 20, "dm_op_policy's layout");
_Static_assert(sizeof(struct dm_op_key) == 4, "dm_op_key's layout");
_Static_assert(sizeof(struct dm_op_console) == 32, "dm_op_console's layout");
_Static_assert(offsetof(struct dm_op_console, count) == 24, "dm_op_console's layout");
_Static_assert(sizeof(struct dm_op_name) == 36, "dm_op_name's layout");
_Static_assert(sizeof(struct dm_device) == 16, "dm_device's layout");
_Static_assert(sizeof(struct dm_op_devices) == 88, "dm_op_devices' layout");
_Static_assert(offsetof(struct dm_op_devices, gic_cpu) == 72, "dm_op_devices' layout");
_Static_assert(sizeof(struct dm_op_faults) == 16, "dm_op_faults' layout");
_Static_assert(sizeof(struct dm_op) == 128, "dm_op's layout");
_Static_assert(offsetof(struct dm_op, u) == 8, "dm_op's layout");

#endif /* ABI_DORMOUSE_H */
