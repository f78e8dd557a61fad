"""Four-choice questions in Chinese over eleven subjects, in the form of C-Eval.

A question is made from a form (a wording) and a fact. Its key names both and puts it into one of three parts: bundled
questions come from TEST only, those that training is judged by from TUNE, training questions from TRAIN. So a bundled question
asks in a wording that training never put to this fact.
"""

from dataclasses import dataclass, replace

import facts as F
from split import TEST, part

SUBJECTS = {
    "elementary_arithmetic": ("Elementary Arithmetic", "小学数学", "STEM"),
    "number_patterns": ("Number Patterns", "数列规律", "STEM"),
    "measurement_units": ("Measurement Units", "计量单位", "STEM"),
    "natural_science": ("Natural Science", "自然科学", "STEM"),
    "world_geography": ("World Geography", "世界地理", "Social Science"),
    "chinese_geography": ("Chinese Geography", "中国地理", "Social Science"),
    "chinese_vocabulary": ("Chinese Vocabulary", "汉语词汇", "Humanities"),
    "chinese_history": ("Chinese History", "中国历史", "Humanities"),
    "literary_knowledge": ("Literary Knowledge", "文学常识", "Humanities"),
    "english_vocabulary": ("English Vocabulary", "英语词汇", "Other"),
    "logical_reasoning": ("Logical Reasoning", "逻辑推理", "Other"),
}


@dataclass(frozen=True)
class Question:
    subject: str
    key: str
    text: str
    choices: tuple
    answer: int
    why: str

    @property
    def letter(self):
        return "ABCD"[self.answer]

    def read(self):
        """The same question after a sentence that says the answer: a matter of reading, not of knowing."""
        return replace(self, text=self.why + self.text)

    def body(self):
        c = self.choices
        return f"{self.text}\nA. {c[0]}\nB. {c[1]}\nC. {c[2]}\nD. {c[3]}\n答案："


def part_of(key):
    """The part that a question belongs to; a property of its key alone."""
    few = key.startswith("chinese_geography/")  # few facts: more of them, so that there are enough to ask
    return part("exam/" + key, 22 if few else 12, 6)


# The facts that the suites may ask, in percent of a subject's; all of what is not a matter of knowing.
CORE = {
    "elementary_arithmetic": 35, "measurement_units": 70, "natural_science": 35, "world_geography": 60, "chinese_geography": 75,
    "chinese_vocabulary": 30, "chinese_history": 55, "literary_knowledge": 70, "english_vocabulary": 30,
}


def is_core(subject, key):
    before, _, last = key.rpartition("/")
    fact = f"{subject}/{last}" if subject == "elementary_arithmetic" else before
    return subject not in CORE or part("core/" + fact, CORE[subject], 0) == TEST


def ask(rng, subject, key, text, right, wrong, why):
    """Puts the right choice at a random place among three distinct wrong ones."""
    right = str(right)
    wrong = list(dict.fromkeys(str(w) for w in wrong if str(w) != right))
    if len(wrong) < 3:
        wrong += [str(int(right) + i) for i in (4, 6, 7)][: 3 - len(wrong)]
    picked = rng.sample(wrong, 3)
    place = rng.randrange(4)
    picked.insert(place, right)
    return Question(subject, f"{subject}/{key}", text, tuple(picked), place, why)


def near(rng, value, *more):
    """Wrong numbers that look likely: neighbours, and the results of usual slips."""
    step = rng.choice((1, 2, 10)) if value >= 12 else 1
    pool = [value - step, value + step, value + 2 * step, value - 2 * step, value + 3, value + 5, *more]
    return [v for v in dict.fromkeys(pool) if v >= 0 and v != value]


NAMES = "小明 小红 小华 小丽 小刚 小军 小芳 小强 小英 小亮".split()
THINGS = [("个", "苹果"), ("本", "书"), ("支", "铅笔"), ("颗", "糖"), ("张", "邮票"), ("朵", "花"), ("个", "气球"), ("枚", "硬币")]


def arithmetic(rng):
    kind = rng.randrange(3)
    name, (unit, thing) = rng.choice(NAMES), rng.choice(THINGS)
    a, b = rng.randint(1, 9), rng.randint(1, 9)
    if kind == 0:
        total = a + b
        form = rng.randrange(5)
        text = (
            f"{a} + {b} 等于多少？",
            f"{a}加{b}的和是",
            f"比{a}多{b}的数是多少？",
            f"{name}有{a}{unit}{thing}，又得到{b}{unit}，现在一共有多少{unit}？",
            f"{a}与{b}相加，结果是",
        )[form]
        return ask(rng, "elementary_arithmetic", f"{form}/{a}+{b}", text, total, near(rng, total, abs(a - b)), f"{a}加{b}等于{total}。")
    if kind == 1:
        a, b = a + b, b
        rest = a - b
        form = rng.randrange(5)
        text = (
            f"{a} - {b} 等于多少？",
            f"{a}减{b}的差是",
            f"比{a}少{b}的数是多少？",
            f"{name}有{a}{unit}{thing}，送给同学{b}{unit}，还剩多少{unit}？",
            f"从{a}里去掉{b}，结果是",
        )[form]
        return ask(rng, "elementary_arithmetic", f"{form}/{a}-{b}", text, rest, near(rng, rest, a + b), f"{a}减{b}等于{rest}。")
    product = a * b
    form = rng.randrange(3)
    text = (f"{a} × {b} 等于多少？", f"{a}乘{b}的积是", f"{a}与{b}相乘，结果是")[form]
    return ask(rng, "elementary_arithmetic", f"{form}/{a}x{b}", text, product, near(rng, product, a + b, product + a, product - b), f"{a}乘{b}等于{product}。")


def patterns(rng):
    form = rng.randrange(3)
    if rng.random() < 0.75:
        start, step, n = rng.randint(1, 20), rng.choice((1, 2, 3, 5, 10)), rng.choice((3, 4))
        row = [start + step * i for i in range(n + 1)]
        why, key = f"每次增加{step}。", f"+{step}/{start}/{n}"
        answer = row[-1]
        wrong = near(rng, answer, row[-2], answer + step if answer + step != row[-2] else answer + 3, answer + 1)
    else:
        x, y = rng.sample(range(1, 10), 2)
        n = rng.choice((5, 6))
        row = [x if i % 2 == 0 else y for i in range(n + 1)]
        answer, why, key = row[-1], f"{x}和{y}交替出现。", f"alt/{x}/{y}/{n}"
        wrong = [x, y, x + y, abs(x - y), x + 1, y + 1, y + 2]
    shown = ", ".join(map(str, row[:-1]))
    text = (
        f"按规律填数：{shown}, (  )",
        f"数列 {shown}, … 的下一个数是多少？",
        f"观察下列各数：{shown}。接下来的数应该是多少？",
    )[form]
    return ask(rng, "number_patterns", f"{key}/{form}", text, answer, wrong, why)


def units(rng):
    if rng.random() < 0.5:
        big, small, rate = rng.choice(F.CONVERSIONS)
        form = rng.randrange(7)
        why = f"1{big}等于{rate}{small}。"
        key = f"{big}{small}/{form}"
        if form < 4:
            text = (f"1{big}等于多少{small}？", f"把1{big}换算成{small}，结果是多少？", f"1{big}共有多少{small}？", f"{big}换算成{small}，要乘以多少？")[form]
            return ask(rng, "measurement_units", key, text, rate, [r for _, _, r in F.CONVERSIONS], why)
        text = (f"{rate}{small}等于1个什么单位？", f"由{rate}{small}组成的单位是", f"哪个单位等于{rate}{small}？")[form - 4]
        return ask(rng, "measurement_units", key, text, big, [b for b, s, r in F.CONVERSIONS if (s, r) != (small, rate) and b != small], why)
    unit = rng.choice(list(F.FIT_UNITS))
    thing = rng.choice(F.FIT_UNITS[unit])
    form = rng.randrange(4)
    text = (
        f"表示{thing}，用哪个单位最合适？",
        f"下列单位中，最适合用来计量{thing}的是",
        f"说到{thing}，通常使用的单位是",
        f"{thing}一般用什么单位来表示？",
    )[form]
    return ask(rng, "measurement_units", f"fit/{thing}/{form}", text, unit, F.FIT_UNITS, f"{thing}一般用{unit}作单位。")


def science(rng):
    roll = rng.random()
    if roll < 0.25:
        question, answer = rng.choice(F.SCIENCE)
        form = rng.randrange(4)
        text = (f"{question}？", f"请问{question}？", f"常识题：{question}？", f"根据自然常识，{question}？")[form]
        return ask(rng, "natural_science", f"fact/{question}/{form}", text, answer, [a for _, a in F.SCIENCE], f"答案是{answer}。")
    if roll < 0.45:
        name, symbol = rng.choice(F.FORMULAS)
        form = rng.randrange(6)
        if form < 3:
            text = (f"化学元素{name}的符号是", f"下列哪一个是{name}的元素符号？", f"在元素周期表中，{name}用什么符号表示？")[form]
            return ask(rng, "natural_science", f"symbol/{name}/{form}", text, symbol, [s for _, s in F.FORMULAS], f"{name}的元素符号是{symbol}。")
        text = (f"元素符号“{symbol}”表示的是哪种元素？", f"“{symbol}”是下列哪种元素的符号？", f"化学中的“{symbol}”代表")[form - 3]
        return ask(rng, "natural_science", f"symbol/{name}/{form}", text, name, [n for n, _ in F.FORMULAS], f"{name}的元素符号是{symbol}。")
    kind = rng.choice(list(F.KINDS))
    member = rng.choice(F.KINDS[kind])
    form = rng.randrange(6)
    others = [m for k, ms in F.KINDS.items() if k != kind for m in ms]
    if form < 3:
        text = (f"下列选项中，属于{kind}的是", f"下面哪一个是{kind}？", f"请选出{kind}：")[form]
        return ask(rng, "natural_science", f"member/{member}/{form}", text, member, others, f"{member}属于{kind}。")
    if form == 3:
        odd = rng.choice(others)
        right = next(k for k, ms in F.KINDS.items() if odd in ms)
        inside = rng.sample(F.KINDS[kind], 3)
        return ask(rng, "natural_science", f"odd/{odd}/{kind}", f"下列选项中，不属于{kind}的是", odd, inside, f"{odd}属于{right}，其余都属于{kind}。")
    text = (f"{member}属于哪一类？", f"把{member}归类，正确的是")[form - 4]
    return ask(rng, "natural_science", f"member/{member}/{form}", text, kind, F.KINDS, f"{member}属于{kind}。")


def world(rng):
    if rng.random() < 0.65:
        country, city = rng.choice(F.CAPITALS)
        form = rng.randrange(6)
        if form < 3:
            text = (f"{country}的首都是", f"下列城市中，哪一个是{country}的首都？", f"如果要去{country}的首都，应该去哪座城市？")[form]
            return ask(rng, "world_geography", f"capital/{country}/{form}", text, city, [c for _, c in F.CAPITALS], f"{country}的首都是{city}。")
        text = (f"{city}是哪个国家的首都？", f"以{city}为首都的国家是", f"首都设在{city}的国家是哪一个？")[form - 3]
        return ask(rng, "world_geography", f"capital/{country}/{form}", text, country, [c for c, _ in F.CAPITALS], f"{country}的首都是{city}。")
    continent = rng.choice([c for c, ms in F.CONTINENTS.items() for _ in ms])
    country = rng.choice(F.CONTINENTS[continent])
    form = rng.randrange(4)
    if form < 2:
        text = (f"{country}位于哪个洲？", f"从地理位置看，{country}属于")[form]
        return ask(rng, "world_geography", f"continent/{country}/{form}", text, continent, F.CONTINENTS, f"{country}位于{continent}。")
    text = (f"下列国家中，位于{continent}的是", f"下面哪个国家在{continent}？")[form - 2]
    others = [m for c, ms in F.CONTINENTS.items() if c != continent for m in ms]
    return ask(rng, "world_geography", f"continent/{country}/{form}", text, country, others, f"{country}位于{continent}。")


def china(rng):
    province, city = rng.choice(F.PROVINCES)
    form = rng.randrange(8)
    why = f"{province}省的省会是{city}。"
    if form < 4:
        text = (f"{province}省的省会是", f"下列城市中，哪一个是{province}省的省会？", f"{province}省人民政府设在哪座城市？", f"去{province}省的省会，应该去")[form]
        return ask(rng, "chinese_geography", f"{province}/{form}", text, city, [c for _, c in F.PROVINCES], why)
    text = (f"{city}是哪个省的省会？", f"省会为{city}的省份是", f"{city}市位于哪个省？", f"把{city}作为省会的是")[form - 4]
    return ask(rng, "chinese_geography", f"{province}/{form}", text, province, [p for p, _ in F.PROVINCES], why)


def vocabulary(rng):
    roll = rng.random()
    if roll < 0.45:
        pair = rng.choice(F.ANTONYMS)
        side = rng.randrange(2)
        word, other = pair[side], pair[1 - side]
        form = rng.randrange(4)
        text = (f"“{word}”的反义词是", f"下列词语中，与“{word}”意思相反的是", f"请选出“{word}”的反义词：", f"和“{word}”相对的词是哪一个？")[form]
        known = {o for p in F.ANTONYMS if word in p for o in p}
        same = [p[rng.randrange(2)] for p in F.ANTONYMS if word not in p and len(p[0]) == len(word) and not known & set(p)]
        return ask(rng, "chinese_vocabulary", f"anto/{word}/{form}", text, other, same, f"“{word}”的反义词是“{other}”。")
    if roll < 0.7:
        pair = rng.choice(F.SYNONYMS)
        side = rng.randrange(2)
        word, other = pair[side], pair[1 - side]
        form = rng.randrange(4)
        text = (f"“{word}”的近义词是", f"下列词语中，与“{word}”意思相近的是", f"请选出“{word}”的近义词：", f"可以用来替换“{word}”的词是哪一个？")[form]
        known = {o for p in F.SYNONYMS if word in p or other in p for o in p}
        wrong = [p[rng.randrange(2)] for p in F.SYNONYMS if not known & set(p)]
        return ask(rng, "chinese_vocabulary", f"syno/{word}/{form}", text, other, wrong, f"“{word}”和“{other}”意思相近。")
    thing, measure = rng.choice(F.MEASURES)
    form = rng.randrange(4)
    text = (f"填入合适的量词：一（  ）{thing}", f"“{thing}”通常搭配的量词是", f"下列量词中，可以用来数{thing}的是", f"“一___{thing}”，横线上应填")[form]
    loose = {"个", "只", "条", "座", "块", "颗", "件", "张", "副", "把", "面"} - {measure}
    wrong = [m for _, m in F.MEASURES if m not in loose]
    return ask(rng, "chinese_vocabulary", f"measure/{thing}/{form}", text, measure, wrong, f"应说“一{measure}{thing}”。")


def history(rng):
    if rng.random() < 0.2:
        dynasty, founder = rng.choice(F.FOUNDERS)
        form = rng.randrange(6)
        why = f"{dynasty}的建立者是{founder}。"
        if form < 3:
            text = (f"{dynasty}的建立者是", f"建立{dynasty}的人是谁？", f"下列人物中，哪一位是{dynasty}的开国皇帝？")[form]
            return ask(rng, "chinese_history", f"founder/{dynasty}/{form}", text, founder, [f for _, f in F.FOUNDERS], why)
        text = (f"{founder}建立的朝代是", f"{founder}是哪个朝代的开国皇帝？", f"由{founder}建立的是哪个朝代？")[form - 3]
        return ask(rng, "chinese_history", f"founder/{dynasty}/{form}", text, dynasty, [d for d, _ in F.FOUNDERS], why)
    era = rng.choice(list(F.FIGURES))
    figure = rng.choice(F.FIGURES[era])
    form = rng.randrange(7)
    label = era if era.endswith("朝") or era == "东晋" else era + "时期"
    why = f"{figure}是{label}的人物。"
    if form < 4:
        text = (f"{figure}是哪个时代的人物？", f"历史人物{figure}生活在", f"{figure}主要活动于哪个时期？", f"说起{figure}，其所处的时代是")[form]
        return ask(rng, "chinese_history", f"era/{figure}/{form}", text, era, F.FIGURES, why)
    if era in ("秦朝", "三国", "东晋") or figure in ("嬴政",):
        form = 4
    text = (f"下列人物中，属于{label}的是", f"下面哪一位是{label}的人物？", f"请选出{label}的历史人物：")[form - 4]
    others = [m for e, ms in F.FIGURES.items() if e != era for m in ms]
    return ask(rng, "chinese_history", f"era/{figure}/{form}", text, figure, others, why)


def literature(rng):
    work, author = rng.choice(F.WORKS)
    form = rng.randrange(7)
    why = f"《{work}》的作者是{author}。"
    if form < 4:
        text = (f"《{work}》的作者是", f"下列人物中，哪一位写了《{work}》？", f"作品《{work}》出自谁之手？", f"《{work}》是谁的作品？")[form]
        return ask(rng, "literary_knowledge", f"work/{work}/{form}", text, author, [a for _, a in F.WORKS], why)
    text = (f"{author}的代表作品之一是", f"下列作品中，由{author}所作的是", f"{author}写过下面哪一部作品？")[form - 4]
    return ask(rng, "literary_knowledge", f"work/{work}/{form}", text, f"《{work}》", [f"《{w}》" for w, a in F.WORKS if a != author], why)


def english(rng):
    word, meaning = rng.choice(F.ENGLISH)
    form = rng.randrange(6)
    why = f"{word}的意思是“{meaning}”。"
    if form < 3:
        text = (f"英语单词“{word}”的意思是", f"单词“{word}”翻译成中文是", f"下列哪一项是“{word}”的中文意思？")[form]
        return ask(rng, "english_vocabulary", f"{word}/{form}", text, meaning, [m for _, m in F.ENGLISH], why)
    text = (f"“{meaning}”用英语怎么说？", f"与“{meaning}”对应的英语单词是", f"下列英语单词中，意思是“{meaning}”的是")[form - 3]
    return ask(rng, "english_vocabulary", f"{word}/{form}", text, word, [w for w, _ in F.ENGLISH], why)


WEEK = "星期一 星期二 星期三 星期四 星期五 星期六 星期日".split()
ORDER = [("高", "矮", "个子"), ("重", "轻", "体重"), ("快", "慢", "跑步"), ("大", "小", "年龄")]


def logic(rng):
    kind = rng.randrange(3)
    if kind == 0:
        day = rng.randrange(7)
        name, shift = rng.choice((("明天", 1), ("后天", 2), ("昨天", -1), ("前天", -2), ("三天后", 3), ("四天后", 4), ("一周后", 7)))
        form = rng.randrange(2)
        text = (f"今天是{WEEK[day]}，{name}是星期几？", f"如果今天是{WEEK[day]}，那么{name}是")[form]
        return ask(rng, "logical_reasoning", f"day/{day}/{shift}/{form}", text, WEEK[(day + shift) % 7], WEEK, f"从{WEEK[day]}算起，{name}是{WEEK[(day + shift) % 7]}。")
    if kind == 1:
        a, b, c, d = rng.sample(NAMES, 4)
        more, less, what = rng.choice(ORDER)
        top = rng.random() < 0.5
        said = f"{a}比{b}{more}，{b}比{c}{more}"
        right = a if top else c
        wrong = [x for x in (a, b, c, d) if x != right]
        return ask(rng, "logical_reasoning", f"order/{said}/{top}", f"{said}。三个人中最{more if top else less}的是谁？", right, wrong, f"从{more}到{less}依次是{a}、{b}、{c}。")
    a, b, c, d = rng.sample(NAMES, 4)
    jobs = rng.sample("医生 老师 司机 厨师 警察 画家 歌手 农民".split(), 4)
    pairs = list(zip((a, b, c, d), jobs))
    rng.shuffle(pairs)
    said = "，".join(f"{p}是{j}" for p, j in pairs)
    person, job = rng.choice(pairs)
    if rng.random() < 0.5:
        return ask(rng, "logical_reasoning", f"job/{said}/1", f"{said}。谁是{job}？", person, [p for p, _ in pairs], f"{person}是{job}。")
    return ask(rng, "logical_reasoning", f"job/{said}/2", f"{said}。{person}的职业是什么？", job, [j for _, j in pairs], f"{person}是{job}。")


MAKERS = {
    "elementary_arithmetic": arithmetic,
    "number_patterns": patterns,
    "measurement_units": units,
    "natural_science": science,
    "world_geography": world,
    "chinese_geography": china,
    "chinese_vocabulary": vocabulary,
    "chinese_history": history,
    "literary_knowledge": literature,
    "english_vocabulary": english,
    "logical_reasoning": logic,
}


READ = 0.75  # share of the questions about facts that come after a sentence that says the answer


def readable(q):
    return q.subject in CORE and q.subject != "elementary_arithmetic" and not q.key.startswith("natural_science/fact/")


def question(rng, subject, part, core=True, read=READ):
    """The next question of a subject from a part, about a core fact or about any."""
    while True:
        q = MAKERS[subject](rng)
        if part_of(q.key) == part and (not core or is_core(subject, q.key)):
            return q.read() if read > 0 and readable(q) and rng.random() < read else q


def header(subject):
    return f"以下是中国关于{SUBJECTS[subject][1]}考试的单项选择题，请选出其中的正确答案。\n\n"
