/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A watchdog in the firmware, called by SMC: the devicetree binding watchdog/arm-smc-wdt.yaml ("arm,smc-wdt") and what
 * the firmwares that have one agree on. One function; w1 says what is asked, w2 is its argument. w0 comes back as 0 or
 * one of PSCI's errors, w1 and w2 as below. Times are whole seconds.
 *
 * Our own firmware's node says in addition:
 *   dormouse,stops-asleep     (empty) it stands still from SYSTEM_SUSPEND's power-off to the wake-up, and begins again then
 *   dormouse,smc-report-id    function that writes another CPU's registers to the firmware's log and, in short, to the
 *                             console; w1: its MPIDR's Aff2 to Aff0
 */
#ifndef ABI_SMC_WDT_H
#define ABI_SMC_WDT_H

#define SMC_WDT_COMPATIBLE "arm,smc-wdt"
#define SMC_WDT_ID         0x82003d06 /* unless the node's arm,smc-id says otherwise */

#define SMC_WDT_INIT        0 /* out: w1, w2: the shortest and the longest time-out */
#define SMC_WDT_SET_TIMEOUT 1 /* w2: seconds */
#define SMC_WDT_ENABLE      2 /* w2: 1 starts, 0 stops it */
#define SMC_WDT_PET         3 /* the time begins anew */
#define SMC_WDT_TIMELEFT    4 /* out: w1: seconds; DISABLED: it isn't running */

#define SMC_WDT_REPORT_ID 0x82003d07

#endif
