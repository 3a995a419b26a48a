"""A candidate: gradient boosting on how usage changes, with the residuals of other customers around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import GroupKFold, cross_val_predict

from cxlib.matching.pasts import describe, scattered
from cxlib.matching.predictive import FEWEST_WINDOWS, Futures
from cxlib.matching.recommender import PlanRecommender

if TYPE_CHECKING:
    from cxlib.matching.history import History
    from cxlib.matching.predictive import Mixed, Outlook, Pasts


class Boosting:
    """Trees predict the mean log change of each meter and month; what they missed for others is added to it.

    The residuals are those on customers that the trees did not see (three groups), and are added jointly over meters
    and months: split conformal prediction with whole paths.
    """

    def __init__(self, mixed: Mixed, features: Any, owner: Any, *, draws: int) -> None:
        self.outlook: Outlook = mixed.outlook
        self.decimals = mixed.decimals
        self.decay = mixed.decay
        self.draws = draws
        n = len(owner)
        log = np.log(mixed.change).reshape(n, -1)
        self.trees = [
            HistGradientBoostingRegressor(
                max_iter=60, learning_rate=0.06, max_leaf_nodes=8, min_samples_leaf=20, random_state=0
            )
            for _ in range(log.shape[1])
        ]
        folds = GroupKFold(min(3, len(np.unique(owner))))
        guess = np.column_stack(
            [cross_val_predict(tree, features, log[:, k], groups=owner, cv=folds) for k, tree in enumerate(self.trees)]
        )
        chosen = np.argsort(scattered(np.arange(n), 1))[:draws]
        self.left = (log - guess)[chosen]
        for k, tree in enumerate(self.trees):
            tree.fit(features, log[:, k])

    def futures(self, history: History, pasts: Pasts) -> Futures:
        outlook, n = self.outlook, len(pasts.first)
        meters, horizon = len(outlook.offset), outlook.horizon
        level, features = np.empty((n, meters)), np.empty((n, 3 * meters))
        describe(
            history.used,
            history.month,
            pasts.first,
            pasts.stop,
            outlook.offset,
            outlook.season,
            self.decay,
            level,
            features,
        )
        mean = np.column_stack([tree.predict(features) for tree in self.trees])
        path = np.exp(mean[:, None, :] + self.left[None]).reshape(n, len(self.left), horizon, meters)
        season = outlook.season[(pasts.origin[:, None] + 1 + np.arange(horizon)) % 12]
        used = np.maximum(0.0, path * level[:, None, None, :] * season[:, None] - outlook.offset)
        scaled = np.rint(used.reshape(-1, meters).T * 10.0 ** np.array(self.decimals)[:, None]).astype(np.int64)
        return Futures(np.ascontiguousarray(scaled), np.full(n, len(self.left)))


class BoostingRecommender(PlanRecommender):
    """`PlanRecommender` on boosting, or on the customer's own months where there is too little to learn from."""

    def _distributions(self, month: int) -> Any:
        mixed, alone = super()._distributions(month)
        if len(mixed.change) < 3 * FEWEST_WINDOWS:
            return alone, alone
        return Boosting(mixed, mixed.features, mixed.nearest.owner, draws=self.n_neighbors), alone
