"""What the words on the pages mean, said where they are used."""

from __future__ import annotations

from typing import Final

from cxlib.texts import N_

OVERTAKE: Final = N_(
    "A contact **passes** another when it arrived later, was served, and its wait ended earlier. Ties never "
    "count. One who gives up is passed while it waits and passes nobody. Rows pass, columns are passed; each pair "
    "of contacts counts once."
)
PASSED: Final = N_(
    "Share of the contacts that had to queue which were **passed at least once**: somebody who arrived later was "
    "served before their wait ended."
)
VIRTUAL_WAIT: Final = N_(
    "Share **still not served** after each length of wait, had nobody given up (Kaplan-Meier over the contacts "
    "that queued: being served is the event, giving up censors). The lower line is served sooner."
)
SERVICE_LEVEL: Final = N_(
    "**Served in time**: served within T seconds or less, over all contacts that queued. Those still waiting at "
    "the end count once they have waited longer than T. T is set under Data sets."
)
REPRESENTATION: Final = N_(
    "**Share of customers**: all registered customers of the segment, with or without a contact. **Share of agent "
    "time**: the time that agents spent serving the segment's contacts. Their quotient is the **representation "
    "ratio**: 1 means that the segment gets as much time as its size."
)
FLAG: Final = N_(
    "A customer is **flagged** at a month when one and the same other plan, which the customer may take, would "
    "have been cheaper in each of the last months in a row (the number is set under Data sets). A missing or "
    "incomplete month or a change of plan breaks the run. The plan shown is the one with the largest total "
    "saving."
)
DIRECTION: Final = N_(
    "**Under-provisioned**: the better plan has the higher fee, the customer pays for overage. "
    "**Over-provisioned**: the better plan has the lower fee, the customer pays for what is not used. "
    "**Sideways**: the same fee."
)
ADVICE: Final = N_(
    "The **advice** is the plan with the least expected cost over the months ahead, from what this customer used "
    "and how the usage of similar customers went on. **P(saves)** is the probability that it costs less than the "
    "plan held. **Strong** means at least 95 %. The flag looks back, the advice looks ahead; where they differ, "
    "both are shown."
)
TURNOVER: Final = N_(
    "Customers flagged at each month's end: those who were flagged the month before too, and those who are **new**. "
    "Below the line are the **resolved**: flagged the month before and no longer. In "
    "the first month that has a whole window behind it, all are new."
)
FLOW: Final = N_(
    "Each ribbon is as wide as there are flagged customers on the plan at its left end for whom the plan at its right "
    "end is the better one. The widest twelve are coloured by direction."
)
GROUP_FIT: Final = N_(
    "Each group beside **all other customers** with a whole window: the share flagged, and what the better plan would "
    "have saved per customer (0 for who is not flagged), each with its 95 % interval. A group is said to be worse off "
    "where the difference would be this large by chance in less than 5 of 100 cases, all groups taken together (Holm). "
    "**Intervals held**: share of the back-test's 80 % intervals that held the truth, once the back-test was made."
)
OPERATOR: Final = N_(
    "What the customers who are advised to change pay on the plan held, less what they would pay on the advised plan "
    "over the months ahead, expected; each customer rounded to the smallest unit, so that all sums are exact. Those "
    "who have left are in the counts. **Break-even**: the share of these customers whom the offer must keep, or may "
    "lose, to come out even."
)
LEFT_OUT: Final = N_(
    "Flagged customers who are not in the campaign, by the first reason that applies. Nobody is offered a plan who has "
    "left, does not want offers, may not take it, or whose bills do not agree."
)
CAMPAIGN_CURVE: Final = N_(
    "What is reached by contacting only the first customers of the campaign, in its order: their expected saving, "
    "which is what the operator gives up. Held-out customers are not contacted."
)
OUTCOME: Final = N_(
    "Customers count in the group that was **drawn** for them, whether or not they were really offered a plan: only so "
    "are the groups alike. Intervals are 95 % (Wilson), that of the difference is Newcombe's."
)
RECONCILED: Final = N_(
    "The plan held is billed again for every customer-month and set beside the **billed amount**; the gap is billed "
    "less calculated, here as a share of the calculated bill, with its sum in money. A month **agrees** where the gap "
    "is at most 2 % of the bill or one unit of money. A customer of whom one of the last months does not agree gets no "
    "recommendation."
)
ALLOWANCE: Final = N_(
    "Each bar is the usage of a month; what lies above the **allowance** of the plan held then (the dashed line) is "
    "charged as overage. Where there is no line, the meter is unlimited. **Hatched** months are not counted: the file "
    "calls them incomplete, or they were left out here."
)
ON_EVERY_PLAN: Final = N_(
    "What the same usage of the same months would have cost on **every plan**: fee and overage, exact to the smallest "
    "unit of money. Grey plans may not be taken, for the reason beside them."
)
COST_CURVE: Final = N_(
    "The mean bill of a month if **all usage had been** so many times what it was in these months. 1 is today. "
    "Shown are the plan held, the cheapest plans that may be taken today, and the one that is cheapest somewhere."
)
OUTCOMES: Final = N_(
    "**Served in time** and **left** are shares of the contacts that had to queue, the **mean wait** is that of those "
    "who queued and were served. **Resolved** and **satisfaction** are over the contacts for which the file tells "
    "them. A figure of too few contacts is not shown; their number stands under each name."
)
REGRET: Final = N_(
    "**Regret**: what the plan chosen at a month's end cost over the months after it, less what the one plan that "
    "turned out best would have cost; switching costs count on both sides. Nothing that happened after that month end "
    "informs the choice, other customers' months included. The whisker is the 95 % interval of the mean; customers "
    "who come again are not taken for new evidence. **Rules**: stay; the plan that was cheapest last month, over the "
    "last three, over all history; the plan of the flag."
)
RELIABILITY: Final = N_(
    "For every customer and month end, **P(saves)** of the best other plan, also where the advice was to stay, against "
    "the share of cases in which that plan did save. On the dotted line what was said to be likely happened as often. "
    "Below it, savings were promised too surely. Whiskers are 95 % intervals."
)
COVERAGE: Final = N_(
    "Share of the cases in which the **80 % interval** held what the plan held cost more (or less) than the best other "
    "plan. It should be near 80 %: much less means that the intervals are too narrow to be relied upon."
)
STRONG: Final = N_(
    "**Strong** recommendations are switches with P(saves) of at least 95 %. Shown is the share of them that did save, "
    "switching costs deducted."
)
ROUTING: Final = N_(
    "Had all contacts been **one line**, whoever came later and was served earlier passed. Of these passes some are "
    "**within** a line, where somebody was called first: rank. The others are **between** lines that go at different "
    "speeds: routing and staffing."
)
HOURS: Final = N_(
    "Of the contacts without priority that had to queue and arrived in the hour, the share passed **at least once by "
    "somebody with priority**. The whisker is the 95 % interval: whole days are drawn again and again, since contacts "
    "of one day are not independent. Under 7 days there is none."
)
REPLAY: Final = N_(
    "Each bar is a contact, from its **arrival** to the **end of its wait**, in order of arrival, the earliest on top. "
    "A bar that begins below another and ends before it has passed it. A cross marks who gave up. The marked contact, "
    "those that passed it and those that it passed are in full colour; a click on a bar marks another."
)
HEAD_START: Final = N_(
    "A **head start** of h seconds serves a contact as if it had arrived h seconds earlier. Of all pairs of different "
    "tiers that waited at the same time in one line, those are **against the rule** whose first to be served should "
    "have been second. The head starts in force are those, for all tiers together, with the fewest pairs against them; "
    "the lowest tier counts as 0. They are **not identified** with fewer than 100 pairs, or where head starts more "
    "than 30 seconds apart fit equally well."
)
COST: Final = N_(
    "In each line the contacts that queued and were served are served again in **order of arrival**: the first to "
    "arrive gets the first start, and so on. The **cost** is what the others waited longer than that, summed up, per "
    "priority contact. Over all contacts the differences come to 0. Those who gave up are not served again."
)
EFFECTS: Final = N_(
    "Contacts passed once, twice, or three times and more, beside **the like never passed**: same tier, line, hour of "
    "the day and band of the wait. Dots are differences, whiskers their 95 % intervals. Giving up is compared minute "
    "by minute in line, since whoever is passed stays longer and has more time to give up. What is special to a day "
    "may still be behind a difference."
)
MEASURED: Final = N_(
    "**Waits** are of those who queued and were served; **nine in ten** wait no longer than the 90 % quantile; the "
    "**virtual wait** is the median had nobody given up. **Served in time** and **abandonment** are shares of those in "
    "line, or of all where it says so. **Repeat contact**: the same customer again within 7 days. The whisker is the "
    "95 % interval, which resamples whole days; there is none under 7 days. n is the number of contacts that tell it."
)
BEFORE: Final = N_(
    "The month beside **the same number of days** before it. A change is said only where its 95 % interval, which "
    "resamples whole days, leaves out 0."
)
THROUGH_THE_WEEK: Final = N_(
    "Each cell is an hour of the week by the local clock, all weeks taken together; the darker, the more. All panels "
    "share one scale. A blank cell has **too few** contacts."
)
GAP: Final = N_(
    "**Crude**: the two groups as they are. **Common**: crude, but only under conditions that both have. **Like for "
    "like**: within each stratum (such as queue, weekday and hour), weighted as the contacts of the group compared "
    "lie; contacts without a **counterpart** are left out and their share is told. The **screen** marks ratios "
    "that are worth a look. It is no verdict: read the interval, and whether the gap is **beyond chance**, all gaps "
    "taken together (Holm)."
)
DRIVERS: Final = N_(
    "What each condition **adds** to the like-for-like gap. The parts of one kind of condition add up to the whole; "
    "negative parts make it smaller."
)
SUBSTANCE: Final = N_(
    "Like for like (queue, weekday, hour), how much better off the upper one is, measured in **margins**: within the "
    "grey band a difference has no practical weight. **Symbolic**: the whole interval lies in the band. "
    "**Substantive** or **reversed**: the interval leaves out 0 and the difference is beyond the margin. Else **cannot "
    "tell yet**. All outcomes shown are taken together (Holm). Margins are set under Data sets."
)
COURTESY: Final = N_(
    "**Once served**, are all treated alike? Each group beside its neighbour, like for like, in handling time, "
    "resolution, repeat contact and satisfaction, measured in margins. Whoever makes contact more often comes again "
    "more often by that alone."
)
LABELS: Final = N_(
    "Names of tiers, queues and plans that hold one of the **status words**. Such a name tells customers their rank. "
    "Charts use display names, so that a raw name behind one is seen by nobody."
)
FRONTIER: Final = N_(
    "Each mark is a rule, simulated on the same contacts as today's rule, which is the diamond where the lines cross. "
    "**Up**: the first tier chosen is better off than today. **To the right**: the other is worse off. Whiskers are "
    "95 % intervals of the difference from today over the repetitions (Student's t, paired). A rule is **dominated** "
    "when another gives no less and takes no more, and is better on one of the two beyond chance."
)
STILL_WAITING: Final = N_(
    "Share of the contacts in line that **wait longer** than so many seconds, whether they are served or give up in "
    "the end, in the simulation. The lower line waits less."
)
SET_BESIDE: Final = N_(
    "Today's rule is simulated on the contacts of the log, and set beside what the log shows. **Met**: within 2 points "
    "of a share, or 10 % of a wait. Only when today is met may one believe what is said of other rules."
)
ON_DUTY: Final = N_(
    "How many served at once while somebody waited, by quarter hour; where nobody waited, as on other days at that "
    "time, or as the agents' own contacts show. Fractions are those who were there for part of the time."
)
RULE_FITS: Final = N_(
    "Of all pairs of different tiers that waited at the same time, the share whose **order of service** goes against "
    "the rule. The rule with the fewest is taken; on a tie within 0.1 point the simpler one."
)
PROMISE: Final = N_(
    "A promise is **kept** when the mean over the repetitions keeps it, and **surely** kept when its whole 95 % "
    "interval does."
)
SIZING: Final = N_(
    "Erlang C (1917) where nobody gives up, else Erlang A (Palm 1946): contacts come at random at that rate, service "
    "times and patience are exponential, first come first served, for one hour that goes on and on. Of all who "
    "arrive, whoever is served at once counts as in time."
)
