"""The six tables of the product, once and for all places that need them."""

from __future__ import annotations

from typing import Final

from cxlib.tables.spec import Column, Table
from cxlib.texts import N_

CUSTOMER_ALIASES: Final = (
    *("customer_id", "customer", "user_id", "user", "client_id", "client", "account_id", "account", "account number"),
    *("account_no", "acct_no", "acct", "acct_id", "subscriber", "subscriber_id", "subscriber number", "subs_id"),
    *("cust_id", "cust no", "customer_no", "customer number", "member_id", "member", "msisdn", "phone_number", "phone"),
    *("mobile_number", "mobile", "meter_id", "premise_id", "service_number", "requester_id", "requester", "contract_no"),
    *("ani", "calling_pty", "caller_id", "calling_number", "caller", "a_number", "cif", "cif_no"),
    *("客户编号", "客户号", "客户ID", "客户", "用户编号", "用户ID", "用户号", "用户", "账户", "账号", "手机号", "会员号"),
    *("客户标识", "用户标识", "用户号码", "手机号码", "电话号码", "业务号码", "服务号码", "计费号码", "号码", "账户编号", "帐号"),
    *("户号", "客户代码", "客户编码", "用户编码", "主叫号码", "主叫", "来电号码", "会员编号", "会员卡号", "卡号", "合同号"),
)
PLAN_ALIASES: Final = (
    *("plan_id", "plan", "plan code", "tariff_id", "tariff", "package_id", "package", "offer_id", "offer", "rate_plan"),
    *("price_plan_id", "price_plan", "product_id", "product_code", "product", "tariff_plan", "tariff_code", "rate_code"),
    *("scheme", "plan_name", "tariff_name", "package_name", "offer_name"),
    *("套餐编号", "套餐ID", "套餐代码", "套餐编码", "主套餐", "套餐", "资费编号", "资费套餐", "资费", "产品编号", "产品代码"),
    *("产品", "电价类别", "套餐名称", "主套餐名称", "资费名称", "产品名称"),
)
TIER_ALIASES: Final = (
    *("tier", "priority", "segment_tier", "level", "customer_level", "class", "customer class", "vip", "grade"),
    *("rank_name", "customer_tier", "customer_segment", "vip_level", "service_level_tier", "loyalty_tier", "category"),
    *("等级", "客户等级", "级别", "客户级别", "星级", "会员等级", "优先级", "客户星级", "VIP等级", "客户分层", "客户类别", "客户类型"),
)
NEED_ALIASES: Final = (
    *("need", "needs", "special need", "vulnerability", "accessibility", "courtesy group", "special_needs"),
    *("需要", "特殊需要", "特殊群体", "关爱人群", "特殊人群", "关怀类型"),
)

CUSTOMER_ID: Final = Column(
    name="customer_id",
    kind="id",
    label=N_("Customer"),
    about=N_("The company's own number of the customer; leading zeros are kept."),
    required=True,
    aliases=CUSTOMER_ALIASES,
    example="000123",
)
TIER: Final = Column(
    name="tier",
    kind="category",
    label=N_("Tier"),
    about=N_("The service tier as the company's systems call it."),
    aliases=TIER_ALIASES,
    example="T1",
)
NEED: Final = Column(
    name="need",
    kind="category",
    label=N_("Need"),
    about=N_("A need that deserves courtesy, such as senior or disabled; empty where there is none."),
    aliases=NEED_ALIASES,
    example="senior",
)
PLAN_ID: Final = Column(
    name="plan_id",
    kind="id",
    label=N_("Plan"),
    about=N_("The plan as the catalogue of plans calls it."),
    aliases=PLAN_ALIASES,
    example="S",
)

USAGE: Final = Table(
    name="usage",
    title=N_("Usage"),
    about=N_("One row per customer and month, one column per meter."),
    key=("customer_id", "month"),
    columns=(
        CUSTOMER_ID,
        Column(
            name="month",
            kind="month",
            label=N_("Month"),
            about=N_("The calendar month of the usage."),
            required=True,
            aliases=(
                "month", "period", "billing_month", "bill month", "yearmonth", "月份", "账期", "月", "计费月",
                "年月", "billing_period", "billing_cycle", "bill_cycle", "cycle", "usage_month",
                "statement_month", "reading_month", "invoice_month", "year_month", "账单月", "账单月份", "出账月",
                "出账月份", "统计月份", "抄表月份", "用电月份", "计费周期", "费用月份", "使用月份", "月度",
            ),
            example="2026-03",
        ),
        PLAN_ID,
        Column(
            name="billed_amount",
            kind="money",
            label=N_("Billed amount"),
            about=N_("What the customer was billed for the month, to check the calculated bill against."),
            aliases=(
                "billed_amount", "billed", "bill", "invoice_amount", "amount", "账单金额", "实收", "出账金额",
                "账单", "bill_amount", "total_charge", "total_charges", "charges", "arpu", "revenue",
                "invoice_total", "amount_due", "应收", "应收金额", "账单费用", "出账费用", "总费用", "消费金额", "电费",
                "ARPU值",
            ),
            example="42.50",
        ),
        Column(
            name="complete",
            kind="boolean",
            label=N_("Complete month"),
            about=N_("No where the month was only partly in use or partly metered."),
            aliases=(
                "complete", "full_month", "is_complete", "完整", "完整月", "是否完整", "整月",
            ),
            example="yes",
        ),
    ),
    per_meter=(
        Column(
            name="",
            kind="quantity",
            label=N_("Usage of a meter"),
            about=N_("What was used in the month: minutes, messages, MB, kWh and so on."),
            minimum=0,
            example="120",
        ),
    ),
)  # fmt: skip

EVENTS: Final = Table(
    name="events",
    title=N_("Events"),
    about=N_("One row per call, session or message; one file per meter. Rolled up to usage."),
    key=(),
    columns=(
        CUSTOMER_ID,
        Column(
            name="occurred_at",
            kind="date",
            label=N_("When"),
            about=N_("The day of the event; its month is the month of the usage."),
            required=True,
            aliases=(
                "occurred_at", "call_date", "session_date", "message_date", "event_date", "date", "day", "timestamp",
                "start_time", "call_time", "call_start", "call_start_time", "event_time", "usage_date", "record_time",
                "begin_time", "sent_at", "reading_date", "日期", "通话日期", "发生时间", "时间", "使用日期", "通话时间",
                "起始时间", "开始时间", "通话开始时间", "上网日期", "发送时间", "发送日期", "呼叫时间", "计费时间", "话单时间",
                "抄表日期",
            ),
            example="2026-03-14",
        ),
        Column(
            name="quantity",
            kind="quantity",
            label=N_("Quantity"),
            about=N_("How much was used; without it every row counts as one."),
            minimum=0,
            aliases=(
                "quantity", "duration", "mb_used", "minutes", "amount", "volume", "kwh", "mb", "units", "call_duration",
                "billsec", "duration_sec", "duration_min", "talk_time", "data_volume", "usage", "data_mb", "data_gb",
                "bytes", "total_bytes", "数量", "时长", "用量", "流量", "通话时长", "计费时长", "使用流量", "上网流量", "总流量",
                "通话秒数", "通话分钟", "电量", "用电量",
            ),
            example="3.4",
        ),
    ),
)  # fmt: skip

PLANS: Final = Table(
    name="plans",
    title=N_("Plans"),
    about=N_("One row per plan, with what is included and what more costs, per meter."),
    key=("plan_id", "valid_from"),
    columns=(
        Column(
            name="plan_id",
            kind="id",
            label=N_("Plan"),
            about=N_("The plan's own name or code; usage and customers refer to it."),
            required=True,
            aliases=PLAN_ALIASES,
            example="S",
        ),
        Column(
            name="name",
            kind="text",
            label=N_("Name"),
            about=N_("What customers call the plan."),
            aliases=(
                "name", "title", "display name", "名称", "显示名称", "plan_name", "offer_name", "tariff_name",
                "package_name", "套餐名称", "资费名称", "产品名称",
            ),
            example="Everyday S",
        ),
        Column(
            name="monthly_fee",
            kind="money",
            label=N_("Monthly fee"),
            about=N_("The fee of every month, whatever is used."),
            required=True,
            minimum=0,
            aliases=(
                "monthly_fee", "fee", "usd_monthly_pay", "monthly price", "price", "base_fee", "月费",
                "月租", "月租费", "套餐费", "monthly_rental", "rental", "mrc", "monthly_charge", "monthly_cost",
                "basic_fee", "standing_charge", "subscription", "基本月租", "基本费", "月基本费", "套餐月费", "套餐费用",
                "包月费",
            ),
            example="19.90",
        ),
        Column(
            name="currency",
            kind="category",
            label=N_("Currency"),
            about=N_("Three letters; one currency for the whole catalogue."),
            aliases=("currency", "货币", "币种"),
            example="EUR",
        ),
        Column(
            name="valid_from",
            kind="date",
            label=N_("Valid from"),
            about=N_("First day of this price version."),
            aliases=("valid_from", "from", "start_date", "effective_from", "生效日期", "开始日期"),
            example="2026-01-01",
        ),
        Column(
            name="valid_to",
            kind="date",
            label=N_("Valid to"),
            about=N_("Last day of this price version; empty while it lasts."),
            aliases=("valid_to", "to", "end_date", "effective_to", "失效日期", "结束日期"),
        ),
        Column(
            name="on_sale",
            kind="boolean",
            label=N_("On sale"),
            about=N_("No for a plan that nobody new may take."),
            aliases=("on_sale", "available", "active", "在售", "是否在售"),
            example="yes",
        ),
        Column(
            name="segment",
            kind="category",
            label=N_("Only for"),
            about=N_("The tier or need that a customer must have to take the plan; empty for everybody."),
            aliases=("segment", "eligible_segment", "only_for", "适用人群", "适用客户"),
        ),
        Column(
            name="min_tenure_months",
            kind="integer",
            label=N_("Least tenure"),
            about=N_("Months that a customer must have been here to take the plan."),
            unit="months",
            minimum=0,
            aliases=("min_tenure_months", "min_tenure", "最低在网月数"),
        ),
        Column(
            name="exit_fee",
            kind="money",
            label=N_("Exit fee"),
            about=N_("What leaving the plan costs the customer."),
            minimum=0,
            aliases=("exit_fee", "termination_fee", "违约金", "退出费"),
        ),
        Column(
            name="activation_fee",
            kind="money",
            label=N_("Activation fee"),
            about=N_("What taking the plan costs the customer once."),
            minimum=0,
            aliases=("activation_fee", "setup_fee", "开通费", "激活费"),
        ),
        Column(
            name="unit_cost",
            kind="money",
            label=N_("Own cost"),
            about=N_("What a customer on this plan costs the company in a month."),
            minimum=0,
            aliases=("unit_cost", "cost", "成本", "单位成本"),
        ),
    ),
    per_meter=(
        Column(
            name="included",
            kind="allowance",
            label=N_("Included"),
            about=N_("What the fee covers in a month, in the meter's unit, or: unlimited."),
            minimum=0,
            example="300",
        ),
        Column(
            name="overage_price",
            kind="money",
            label=N_("Overage price"),
            about=N_("Price of one unit beyond what is included."),
            minimum=0,
            example="0.05",
        ),
        Column(
            name="unit_size",
            kind="quantity",
            label=N_("Size of a priced unit"),
            about=N_("How much of the meter one priced unit is, such as 1024 for a price per GB of a meter in MB."),
            minimum=0,
            example="1",
        ),
        Column(
            name="round_up",
            kind="boolean",
            label=N_("Per started unit"),
            about=N_("Yes where each started unit of the month's overage is charged in full."),
            example="no",
        ),
    ),
)  # fmt: skip

CUSTOMERS: Final = Table(
    name="customers",
    title=N_("Customers"),
    about=N_("One row per customer: plan, tier, need, and what else is known."),
    key=("customer_id",),
    columns=(
        CUSTOMER_ID,
        PLAN_ID,
        TIER,
        NEED,
        Column(
            name="region",
            kind="category",
            label=N_("Region"),
            about=N_("Where the customer is."),
            aliases=(
                "region", "city", "area", "province", "branch", "地区", "区域", "城市", "省份", "state",
                "district", "zone", "市", "地市", "分公司", "所属区域", "归属地", "归属地市",
            ),
            example="North",
        ),
        Column(
            name="joined_on",
            kind="date",
            label=N_("Joined on"),
            about=N_("First day as a customer."),
            aliases=(
                "joined_on", "reg_date", "registered", "join_date", "since", "signup_date", "入网日期",
                "注册日期", "开户日期", "activation_date", "activated_on", "activated_at", "open_date",
                "opened_on", "account_open_date", "registration_date", "start_date", "入网时间", "开户时间",
                "开通日期", "注册时间", "立户日期",
            ),
            example="2024-05-01",
        ),
        Column(
            name="left_on",
            kind="date",
            label=N_("Left on"),
            about=N_("Last day as a customer; empty while he or she stays."),
            aliases=(
                "left_on", "churn_date", "left", "cancelled", "end of service", "离网日期", "销户日期", "流失日期",
                "deactivation_date", "disconnect_date", "close_date", "closed_on", "termination_date",
                "end_date", "离网时间", "销户时间", "退网日期",
            ),
        ),
        Column(
            name="contract_end",
            kind="date",
            label=N_("Contract ends"),
            about=N_("Day until which the customer is bound to the plan."),
            aliases=(
                "contract_end", "contract_until", "commitment_end", "合约到期", "合同到期日", "contract_end_date",
                "contract_expiry", "commitment_end_date", "合约到期日", "合约到期时间", "协议到期日", "合同到期",
            ),
            example="2026-12-31",
        ),
        Column(
            name="monthly_value",
            kind="money",
            label=N_("Value"),
            about=N_("What the customer is worth in a month."),
            aliases=(
                "monthly_value", "value", "arpu", "revenue", "月价值", "月收入", "客户价值", "avg_revenue",
                "average_bill", "monthly_revenue", "户均收入", "ARPU值", "月均消费",
            ),
            example="38.00",
        ),
        Column(
            name="consent",
            kind="boolean",
            label=N_("Consent"),
            about=N_("No where the customer does not want to be offered anything."),
            aliases=(
                "consent", "marketing_consent", "opt_in", "同意营销", "营销授权", "opted_in", "allow_marketing",
                "是否同意营销", "营销同意",
            ),
            example="yes",
        ),
    ),
)  # fmt: skip

CONTACTS: Final = Table(
    name="contacts",
    title=N_("Contacts"),
    about=N_("One row per call, chat or visit: when it joined the queue, when its wait ended and how."),
    key=("contact_id",),
    needs_one_of=(("wait_ended_at",), ("wait_s",), ("started_at",), ("left_at",)),
    columns=(
        Column(
            name="contact_id",
            kind="id",
            label=N_("Contact"),
            about=N_("The contact's own number; several columns may be joined to make it unique."),
            required=True,
            aliases=(
                "contact_id", "call_id", "ticket_id", "ticket", "case_id", "interaction_id", "id", "工单号",
                "通话编号", "来电编号", "排队号", "callid", "ucid", "conversation_id", "contact", "session_id",
                "request_id", "ticket_no", "ticket_number", "reference", "interaction", "呼叫ID", "呼叫编号",
                "会话ID", "会话编号", "话单号", "流水号", "通话流水号", "业务流水号", "票号", "排队号码", "工单编号", "序号",
            ),
            example="C0001",
        ),
        Column(
            name="customer_id",
            kind="id",
            label=N_("Customer"),
            about=N_("Who called; empty where not known."),
            aliases=CUSTOMER_ALIASES,
            example="000123",
        ),
        TIER,
        NEED,
        Column(
            name="queue",
            kind="category",
            label=N_("Queue"),
            about=N_("The line in which the contact waited."),
            aliases=(
                "queue", "queue_name", "skill", "skill_group", "type", "service_type", "队列", "技能组",
                "业务类型", "窗口", "split", "dispsplit", "split_skill", "skill_name", "acd_group", "group",
                "department", "vdn", "技能", "技能队列", "队列名称", "业务组", "业务种类", "坐席组",
            ),
            example="billing",
        ),
        Column(
            name="channel",
            kind="category",
            label=N_("Channel"),
            about=N_("Phone, chat, counter and so on."),
            aliases=(
                "channel", "渠道", "media_type", "media", "via", "source", "接入渠道", "渠道类型",
            ),
            example="phone",
        ),
        Column(
            name="location",
            kind="category",
            label=N_("Location"),
            about=N_("Branch or site; waits of two locations are never compared as one queue."),
            aliases=(
                "location", "site", "branch", "网点", "地点", "营业厅", "branch_name", "branch_code", "office",
                "网点名称", "网点编号", "机构", "机构名称",
            ),
        ),
        Column(
            name="agent_id",
            kind="id",
            label=N_("Agent"),
            about=N_("Who served."),
            aliases=(
                "agent_id", "agent", "server", "operator", "employee", "坐席", "座席", "坐席工号", "柜员",
                "anslogin", "agent_name", "assignee", "users", "teller", "teller_id", "handled_by",
                "advisor", "座席工号", "坐席姓名", "工号", "客服工号", "话务员", "柜员号", "受理人",
            ),
            example="A07",
        ),
        Column(
            name="arrived_at",
            kind="time",
            label=N_("Joined the queue"),
            about=N_("When the contact joined the queue."),
            required=True,
            aliases=(
                "arrived_at", "arrival", "queue_start", "q_start", "queued_at", "enqueue_time", "进入队列",
                "排队开始", "取号时间", "到达时间", "arrival_time", "arrived", "queue_start_time", "queued_time",
                "enqueued_at", "segstart", "call_start", "call_start_time", "call_time", "created_at",
                "created", "start_time", "offered_at", "入队时间", "进队时间", "进线时间", "呼入时间", "来电时间", "排队开始时间",
                "呼叫时间", "到店时间", "开始排队时间", "呼叫开始时间",
            ),
            example="2026-03-14 09:00:00",
        ),
        Column(
            name="wait_ended_at",
            kind="time",
            label=N_("Wait ended"),
            about=N_("When the wait ended, served or not."),
            aliases=(
                "wait_ended_at", "q_exit", "queue_exit", "queue_end", "dequeue_time", "排队结束", "离开队列",
                "queue_end_time", "queue_exit_time", "dequeued_at", "出队时间", "排队结束时间",
            ),
            example="2026-03-14 09:01:12",
        ),
        Column(
            name="wait_s",
            kind="duration",
            label=N_("Wait"),
            about=N_("Length of the wait."),
            unit="s",
            minimum=0,
            aliases=(
                "wait_s", "wait", "wait_time", "q_time", "queue_time", "waiting_seconds", "等待时长", "排队时长",
                "等待秒数", "waiting_time", "time_in_queue", "queuetime", "queue_wait", "queue_wait_time",
                "wait_duration", "total_queue", "speed_of_answer", "asa", "waiting", "排队时间", "等待时间",
                "等候时间", "等候时长", "排队秒数", "队列等待时长", "排队等待时长",
            ),
            example="72",
        ),
        Column(
            name="started_at",
            kind="time",
            label=N_("Service began"),
            about=N_("When an agent began to serve."),
            aliases=(
                "started_at", "ser_start", "service_start", "answered_at", "answer_time", "开始服务", "接听时间",
                "叫号时间", "answered", "service_start_time", "agent_start", "connect_time", "connected_at",
                "answered_time", "called_at", "serving_start", "应答时间", "接通时间", "服务开始时间", "开始办理时间",
                "办理开始时间", "坐席接听时间", "叫号",
            ),
            example="2026-03-14 09:01:12",
        ),
        Column(
            name="left_at",
            kind="time",
            label=N_("Left the queue"),
            about=N_("When the customer gave up."),
            aliases=("left_at", "abandoned_at", "abandon_time", "abandoned_time", "left_queue_at", "放弃时间", "弃号时间", "离开时间"),
        ),
        Column(
            name="outcome",
            kind="category",
            label=N_("Outcome"),
            about=N_("served, abandoned, or dropped for what was no contact at all; the file's own codes are mapped one by one."),
            codes=("served", "abandoned", "dropped"),
            aliases=(
                "outcome", "result", "status", "disposition", "结果", "状态", "处理结果", "call_result",
                "call_status", "disposition_code", "call_outcome", "call_disposition", "呼叫结果", "通话结果",
                "接听状态", "呼叫状态", "排队结果", "办理状态", "接通状态",
            ),
            example="served",
        ),
        Column(
            name="queued",
            kind="boolean",
            label=N_("Queued"),
            about=N_("Whether the contact had to wait in line; without it, a wait above zero means yes."),
            aliases=(
                "queued", "was_queued", "是否排队", "is_queued", "是否进队列",
            ),
            example="yes",
        ),
        Column(
            name="ended_at",
            kind="time",
            label=N_("Service ended"),
            about=N_("When the service was over."),
            aliases=(
                "ended_at", "ser_exit", "service_end", "closed_at", "end_time", "结束服务", "服务结束", "结束时间",
                "segstop", "call_end", "call_end_time", "ended", "finish_time", "solved_at",
                "completed_at", "release_time", "disconnect_time", "hangup_time", "挂机时间", "挂断时间",
                "服务结束时间", "办理结束时间", "通话结束时间", "呼叫结束时间", "拆线时间",
            ),
            example="2026-03-14 09:05:40",
        ),
        Column(
            name="topic",
            kind="category",
            label=N_("Topic"),
            about=N_("What the contact was about."),
            aliases=(
                "topic", "reason", "subject", "主题", "事由", "wrap_up_code", "wrapup_code", "wrap_up",
                "call_reason", "来电原因", "业务分类", "诉求类型",
            ),
            example="bill",
        ),
        Column(
            name="resolved",
            kind="boolean",
            label=N_("Resolved"),
            about=N_("Whether the matter was settled."),
            aliases=(
                "resolved", "fcr", "first_contact_resolution", "是否解决", "已解决", "is_resolved", "solved",
                "一次解决", "首次解决",
            ),
            example="yes",
        ),
        Column(
            name="csat",
            kind="number",
            label=N_("Satisfaction"),
            about=N_("The customer's own score, on the scale that the company uses."),
            minimum=0,
            aliases=(
                "csat", "satisfaction", "score", "rating", "满意度", "评分", "satisfaction_score",
                "satisfaction_rating", "csat_score", "满意度评分", "满意度得分",
            ),
            example="4",
        ),
    ),
)  # fmt: skip

TIERS: Final = Table(
    name="tiers",
    title=N_("Tier list"),
    about=N_("One row per tier: its rank, the name to show, and what it was promised."),
    key=("tier",),
    columns=(
        Column(
            name="tier",
            kind="id",
            label=N_("Tier"),
            about=N_("The tier as contacts and customers call it."),
            required=True,
            aliases=TIER_ALIASES,
            example="T1",
        ),
        Column(
            name="rank",
            kind="integer",
            label=N_("Rank"),
            about=N_("1 is served first; tiers may share a rank."),
            required=True,
            minimum=1,
            aliases=(
                "rank", "order", "优先顺序", "排序", "顺序", "priority_order", "顺位", "次序",
            ),
            example="1",
        ),
        Column(
            name="display_name_en",
            kind="text",
            label=N_("Name shown, English"),
            about=N_("A neutral name, used in every chart."),
            aliases=("display_name_en", "display_name", "英文名称"),
            example="Priority",
        ),
        Column(
            name="display_name_zh",
            kind="text",
            label=N_("Name shown, Chinese"),
            about=N_("A neutral name, used in every chart."),
            aliases=("display_name_zh", "显示名称", "中文名称"),
            example="优先",
        ),
        Column(
            name="courtesy",
            kind="boolean",
            label=N_("Courtesy tier"),
            about=N_("Yes for a tier of need, such as the elderly or disabled."),
            aliases=("courtesy", "关爱等级"),
            example="no",
        ),
        Column(
            name="declared_rule",
            kind="text",
            label=N_("Declared rule"),
            about=N_("The priority rule as it is declared, such as: head start 90 s."),
            aliases=("declared_rule", "rule", "优先规则"),
            example="head start 90 s",
        ),
        Column(
            name="promise_share",
            kind="share",
            label=N_("Promised share"),
            about=N_("Share of contacts promised to be served in time."),
            minimum=0,
            maximum=1,
            aliases=("promise_share", "target", "承诺比例"),
            example="0.8",
        ),
        Column(
            name="promise_wait_s",
            kind="duration",
            label=N_("Promised wait"),
            about=N_("Wait that counts as in time."),
            unit="s",
            minimum=0,
            aliases=("promise_wait_s", "target_wait", "承诺等待秒数", "承诺等待"),
            example="20",
        ),
    ),
)  # fmt: skip

TABLES: Final = {table.name: table for table in (USAGE, EVENTS, PLANS, CUSTOMERS, CONTACTS, TIERS)}

METERS: Final = {
    "minutes": (
        N_("Call minutes"),
        "min",
        (
            *("minutes", "call_minutes", "voice", "mou", "voice_minutes", "talk_minutes", "talk_time", "call_duration"),
            *("duration", "voice_usage", "total_minutes", "minutes_used", "outgoing_minutes", "airtime"),
            *("语音", "通话分钟", "分钟数", "通话时长", "通话分钟数", "语音时长", "语音分钟数", "主叫时长", "计费时长", "主叫分钟数"),
        ),
    ),
    "sms": (
        N_("Messages"),
        "",
        (
            *("sms", "messages", "texts", "sms_count", "message_count", "messages_sent", "sms_sent", "sms_used"),
            *("短信", "短信条数", "短信量", "短信数", "短信使用量", "点对点短信"),
        ),
    ),
    "data_mb": (
        N_("Mobile data"),
        "MB",
        (
            *("data_mb", "data", "mb", "mb_used", "internet", "dou", "data_usage", "mobile_data", "data_used", "gprs"),
            *("data_volume", "data_gb", "gb", "gb_used", "internet_usage", "total_data"),
            *("流量", "流量MB", "上网流量", "使用流量", "手机流量", "移动流量", "流量使用量", "总流量", "数据流量"),
        ),
    ),
    "kwh": (
        N_("Electricity"),
        "kWh",
        (
            *("kwh", "energy", "electricity", "kwh_used", "consumption_kwh", "energy_kwh", "active_energy", "usage_kwh"),
            *("电量", "用电量", "有功电量", "售电量", "结算电量", "抄表电量"),
        ),
    ),
}
"""Meters that are known by name: label, unit, headers. Any other meter may be used under its own name."""
