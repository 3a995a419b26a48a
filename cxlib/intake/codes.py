"""Codes of a file and what they mean: known ones are suggested, each one is asked, none is guessed in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cxlib.intake.casts import NO, YES
from cxlib.intake.problems import Question
from cxlib.texts import N_

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cxlib.tables import Column

SET_ASIDE: Final = N_("not decided: set such rows aside")
CODE_QUESTION: Final = N_("What does {code} in {column} mean? It was read as: {chosen}.")
MOST_CODES: Final = 40
_MEANINGS: Final[dict[str, tuple[str, ...]]] = {
    "served": (
        *("served", "answered", "answer", "ans", "agent", "completed", "complete", "handled", "success", "connected"),
        *("accepted", "solved", "closed", "serviced", "connect", "anw", "ok", "contacted"),
        *(
            "接通",
            "已接听",
            "已接通",
            "成功",
            "已服务",
            "接听",
            "已办理",
            "办理完成",
            "正常",
            "已完成",
            "人工接通",
            "应答",
            "已应答",
        ),
    ),
    "abandoned": (
        *(
            "abandoned",
            "abandon",
            "abn",
            "aband",
            "hang",
            "hangup",
            "hung up",
            "hang up",
            "lost",
            "no answer",
            "missed",
        ),
        *(
            "unanswered",
            "abandoned in queue",
            "caller hung up",
            "left",
            "not answered",
            "renege",
            "reneged",
            "noanswer",
        ),
        *(
            "放弃",
            "已放弃",
            "挂断",
            "未接通",
            "弃号",
            "过号",
            "排队放弃",
            "主动放弃",
            "未接",
            "未应答",
            "用户挂机",
            "客户挂断",
            "弃呼",
        ),
    ),
    "dropped": (
        *("dropped", "phantom", "test", "invalid", "error", "spam", "wrong number", "system error", "duplicate"),
        *("无效", "测试", "错误", "骚扰", "误拨", "作废", "系统异常"),
    ),
    "offer": (
        *("offer", "offered", "treatment", "treated", "treatment group", "target", "target group", "test"),
        *("test group", "推荐组", "推荐", "实验组", "试验组", "测试组", "目标组", "营销组"),
    ),
    "hold_out": (
        *("hold out", "holdout", "held out", "control", "control group", "holdout group", "hold out group"),
        *("对照组", "对照", "保留组", "空白组", "控制组"),
    ),
    "graduated": (
        *("graduated", "slab", "stepped", "incremental"),
        *("分档累进", "累进", "分段累进", "阶梯累进", "分段计价"),
    ),
    "volume": ("volume", "all units", "whole", "全量", "全量计价", "到档全量", "按到达档"),
    "before": ("before", "first", "优先", "优先使用", "先用结转"),
    "after": ("after", "last", "后用", "后使用", "先用当月"),
    "throttle": ("throttle", "throttled", "slow", "限速", "降速", "达量限速"),
    "hard": ("hard", "stop", "block", "blocked", "停用", "封顶", "断网", "停止"),
}
_TRUE: Final = (
    *("yes", "ja", "oui", "si", "sí", "sim", "on", "active", "enabled", "√", "✓", "✔"),
    *("已", "已解决", "是的", "同意", "在售", "有效", "启用", "已排队"),
    *("accepted", "offered", "left", "churned", "接受", "已接受", "已推荐", "已办理", "离网", "已离网"),
)
_FALSE: Final = (
    *("no", "nein", "non", "nao", "não", "off", "inactive", "disabled", "×", "✗", "✘"),
    *("未", "未解决", "不是", "不同意", "停售", "无效", "停用", "未排队", "拒绝"),
    *("declined", "rejected", "refused", "stayed", "未接受", "未推荐", "未办理", "在网", "未离网"),
)


def meaning_of(code: str, among: Sequence[str]) -> str | None:
    """Return which of the words of a column a code most likely means; None where no word of it is known."""
    folded = " ".join(code.casefold().replace("_", " ").replace("-", " ").split())
    return next((name for name in among if folded in _MEANINGS.get(name, ())), None)


def asked_codes(name: str, column: Column, values: Iterable[str]) -> tuple[dict[str, str] | None, list[Question]]:
    """Return (codes to map, questions) of a column that takes few values; nothing where its own words are used.

    Parameters
    ----------
    values : strings
        The different texts of the file's column, without spaces around them.
    """
    found = sorted({each for each in values if each})
    boolean = column.kind == "boolean"
    own = {*YES, *NO} if boolean else set(column.codes)
    if not found or {each.lower() for each in found} <= own or len(found) > MOST_CODES:
        return None, []
    codes: dict[str, str] = {}
    questions: list[Question] = []
    options = ("yes", "no") if boolean else column.codes
    for code in found:
        meant = (
            (_boolean_of(code) if boolean else meaning_of(code, options))
            if code.lower() not in options
            else code.lower()
        )
        if meant is not None:
            codes[code] = meant
        if code.lower() not in own:
            chosen = meant or SET_ASIDE
            questions.append(
                Question("code", CODE_QUESTION, (*options, SET_ASIDE), chosen, name, {"code": code})
            )  # fmt: skip
    return codes, questions


def _boolean_of(code: str) -> str | None:
    folded = code.casefold()
    if folded in YES or folded in _TRUE:
        return "yes"
    return "no" if folded in NO or folded in _FALSE else None
