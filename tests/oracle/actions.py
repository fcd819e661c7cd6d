"""Random actions of a scripted strategy: orders of every kind, cancels, brackets, targets."""

from __future__ import annotations

from random import Random
from typing import Any

Action = dict[str, Any]


class Actions:
    """Makes the actions of one strategy and remembers their names, for cancels, OCO and parents."""

    def __init__(self, rng: Random, features: frozenset[str], datas: int, ticks: list[float]) -> None:
        self.rng = rng
        self.features = features
        self.datas = datas
        self.ticks = ticks
        self.ids: list[str] = []

    def calls(self, length: int, density: float) -> dict[str, list[Action]]:
        """Give a script: for a share *density* of *length* calls of a hook, what is done there."""
        script: dict[str, list[Action]] = {}
        for number in range(length):
            if self.rng.random() < density:
                actions: list[Action] = []
                for _ in range(self.rng.choice([1, 1, 1, 2, 3])):
                    actions.extend(self.some())
                script[str(number)] = actions
        return script

    def some(self) -> list[Action]:
        """Give one action, or the several that make a family."""
        rng, features = self.rng, self.features
        weights = {
            "order": 6.0,
            "close": 1.0,
            "cancel": 3.0 if "cancel" in features and self.ids else 0.0,
            "bracket": 4.0 if "bracket" in features else 0.0,
            "family": 4.0 if "family" in features else 0.0,
            "target": 6.0 if "target" in features else 0.0,
            "read": 0.5,
            "add_cash": 0.5 if "fund" in features else 0.0,
        }
        weights = {name: weight for name, weight in weights.items() if weight}
        kind = rng.choices(list(weights), list(weights.values()))[0]
        return getattr(self, f"_{kind}")()

    # -- parts ------------------------------------------------------------------------------------------

    def _name(self) -> str:
        name = f"o{len(self.ids)}"
        self.ids.append(name)
        return name

    def _where(self) -> tuple[dict[str, int], float]:
        data = self.rng.randrange(self.datas)
        return ({"data": data} if data else {}), self.ticks[data]

    def _size(self) -> dict[str, Any]:
        rng = self.rng
        if "sizer" in self.features and rng.random() < 0.7:
            return {}
        if "poor" in self.features and rng.random() < 0.4:
            return {"size": rng.choice([50, 200, 1000])}
        pick = rng.random()
        if pick < 0.1:
            return {}
        if pick < 0.2:
            return {"size": rng.choice([0.5, 1.25, 0.1, 3.3])}
        if pick < 0.23:
            return {"size": rng.choice([-3, 0])}
        return {"size": rng.choice([1, 1, 2, 3, 5, 10, 17])}

    def _distance(self, tick: float, widest: int = 40) -> float:
        reach = self.rng.choice([2, 8, widest])
        return round(self.rng.randint(-reach, reach) * tick, 6)

    def _valid(self) -> dict[str, Any]:
        rng = self.rng
        if "valid" not in self.features or rng.random() < 0.4:
            return {}
        form = rng.choice(["delta", "datetime", "date", "number", "DAY"])
        return {
            "valid": [
                form,
                rng.choice([0.0005, 0.01, 0.5, 1, 2, 3, 5, 9]) if form != "date" else rng.randint(1, 6),
            ]
        }

    def _kinds(self) -> list[str]:
        kinds = ["Market", "Market"]
        for feature, names in (
            ("plain", ["Market", "Market", "Close"]),
            ("limit", ["Limit", "Limit", "Close"]),
            ("stop", ["Stop", "Stop"]),
            ("stoplimit", ["StopLimit", "StopLimit", "StopLimit"]),
            ("trail", ["StopTrail", "StopTrail", "StopTrailLimit", "StopTrailLimit"]),
        ):
            if feature in self.features:
                kinds += names
        return kinds

    def _typed(self, tick: float) -> dict[str, Any]:
        """Choose an order type and the prices that it takes."""
        rng = self.rng
        kind = rng.choice(self._kinds())
        fields: dict[str, Any] = {"exec": kind}
        if kind == "Market":
            if rng.random() < 0.3:
                fields.pop("exec")
            return fields
        if kind in ("Limit", "Stop", "StopLimit"):
            fields["price"] = self._distance(tick)
        if kind == "StopLimit":
            fields["plimit"] = round(fields["price"] + self._distance(tick, 10), 6)
        if kind in ("StopTrail", "StopTrailLimit"):
            if rng.random() < 0.5:
                fields["trailamount"] = round(rng.choice([1, 3, 10, 30]) * tick, 6)
            else:
                fields["trailpercent"] = rng.choice([0.005, 0.02, 0.1])
            if rng.random() < 0.5 or kind == "StopTrailLimit":
                fields["price"] = self._distance(tick, 10)
            if kind == "StopTrailLimit":
                fields["plimit"] = round(fields["price"] + self._distance(tick, 10), 6)
        return fields

    # -- actions ------------------------------------------------------------------------------------------

    def _order(self) -> list[Action]:
        rng = self.rng
        data, tick = self._where()
        action: Action = {
            "do": rng.choice(["buy", "sell"]),
            **data,
            **self._size(),
            **self._typed(tick),
            **self._valid(),
        }
        if "oco" in self.features and self.ids and rng.random() < 0.6:
            action["oco"] = rng.choice(self.ids[-4:])
        if "tradeid" in self.features:
            action["tradeid"] = rng.choice([0, 0, 1, 2])
        if rng.random() < 0.05:
            action["note"] = "by hand"
        if "cheat" in self.features and rng.random() < 0.2:
            action["coc"] = False
        action["id"] = self._name()
        return [action]

    def _close(self) -> list[Action]:
        data, _ = self._where()
        action: Action = {"do": "close", **data, "id": self._name()}
        if self.rng.random() < 0.2:
            action["size"] = self.rng.choice([1, 2])
        if "tradeid" in self.features:
            action["tradeid"] = self.rng.choice([0, 1, 2])
        return [action]

    def _cancel(self) -> list[Action]:
        name = self.rng.choice(self.ids[-6:])
        return [{"do": "cancel", "order": name}]

    def _read(self) -> list[Action]:
        return [{"do": "read"}]

    def _add_cash(self) -> list[Action]:
        return [{"do": "add_cash", "amount": self.rng.choice([500.0, -200.0, 123.45])}]

    def _target(self) -> list[Action]:
        rng = self.rng
        data, tick = self._where()
        do = rng.choice(["target_size", "target_value", "target_percent"])
        target: float = {
            "target_size": rng.choice([0, 3, 10, -5, -12]),
            "target_value": rng.choice([0.0, 1000.0, 5000.0, -2500.0]),
            "target_percent": rng.choice([0.0, 0.1, 0.5, 0.95, -0.3]),
        }[do]
        action: Action = {"do": do, **data, "target": target, **self._valid()}
        if rng.random() < 0.3:
            action.update(exec="Limit", price=self._distance(tick, 10))
        return [{**action, "id": self._name()}]

    def _bracket(self) -> list[Action]:
        rng = self.rng
        data, tick = self._where()
        side = rng.choice(["buy", "sell"])
        sign = 1 if side == "buy" else -1
        near, far = rng.choice([2, 6, 20]), rng.choice([2, 6, 20])
        action: Action = {"do": f"{side}_bracket", **data, "size": rng.choice([1, 2, 5, 10]), **self._valid()}
        action["exec"] = rng.choice(["Limit", "Limit", "Market", "Stop"])
        if action["exec"] != "Market":
            action["price"] = self._distance(tick, 10)
        entry = action.get("price", 0.0)
        action["stopprice"] = round(entry - sign * near * tick, 6)
        action["limitprice"] = round(entry + sign * far * tick, 6)
        if rng.random() < 0.15:
            action[rng.choice(["stopexec", "limitexec"])] = None
        elif rng.random() < 0.15:
            action.update(stopexec="StopTrail", stopargs={"trailamount": round(near * tick, 6)})
        if "valid" in self.features and rng.random() < 0.3:
            action["limitargs"] = {"valid": ["delta", rng.choice([1, 3])]}
        action["id"] = self._name()
        self.ids += [f"{action['id']}.stop", f"{action['id']}.limit"]
        return [action]

    def _family(self) -> list[Action]:
        """Give a parent and children with `transmit`, sometimes out of order or with the parent sent already."""
        rng = self.rng
        data, tick = self._where()
        side = rng.choice(["buy", "sell"])
        other = "sell" if side == "buy" else "buy"
        size = rng.choice([1, 2, 5])
        parent: Action = {
            "do": side,
            **data,
            "size": size,
            **self._typed(tick),
            "transmit": rng.random() < 0.15,
        }
        parent["id"] = self._name()
        family = [parent]
        children = rng.randint(1, 3)
        for k in range(children):
            child: Action = {
                "do": other if rng.random() < 0.9 else side,
                **data,
                "size": size,
                **self._typed(tick),
            }
            child.update(
                parent=parent["id"], transmit=k == children - 1 and rng.random() < 0.95, id=self._name()
            )
            family.append(child)
        return family
