"""Chinese sentence pairs with their relation, in the form of CMNLI: contradiction, entailment, neutral.

Each family of pairs is balanced over the three labels and made from a premise and its words; the key names family and words,
without the label, and puts it into TRAIN, TUNE or TEST (the bundled suite).
"""

from dataclasses import dataclass

import facts as F
from split import part

LABELS = ("contradiction", "entailment", "neutral")
CHINESE = {"contradiction": "矛盾", "entailment": "蕴含", "neutral": "无关"}


@dataclass(frozen=True)
class Pair:
    key: str
    first: str
    second: str
    label: str

    def text(self):
        return f"语句一：“{self.first}”\n语句二：“{self.second}”\n请问这两句话是什么关系？\n"


def part_of(key):
    return part("pairs/" + key, 10, 3)


PEOPLE = "小明 小红 小李 小张 王老师 李医生 妈妈 爸爸 哥哥 姐姐 爷爷 奶奶 小王 小刘 老陈 张阿姨 小芳 弟弟 妹妹 赵叔叔".split()
ANIMALS = "小猫 小狗 老虎 狮子 兔子 猴子 大象 小马 山羊 狐狸".split()
PLACES = "公园 学校 图书馆 家里 超市 操场 医院 办公室 车站 海边 餐厅 教室".split()
TIMES = "今天早上 昨天晚上 上个星期 今天下午 周末 昨天 刚才 上个月".split()
DOINGS = "看书 唱歌 跑步 画画 写作业 打篮球 喝茶 睡觉 聊天 做饭 下棋 听音乐 打电话 拍照 跳舞 游泳".split()
NUMERALS = {3: "三", 4: "四", 5: "五", 6: "六", 8: "八", 10: "十", 12: "十二", 15: "十五", 20: "二十", 30: "三十", 40: "四十", 50: "五十", 60: "六十", 100: "一百"}
HYPERNYMS = [
    ("水果", "苹果 香蕉 葡萄 西瓜 草莓 橙子 桃子 芒果", "买了 吃了 带来了 洗了"),
    ("蔬菜", "白菜 萝卜 菠菜 茄子 土豆 黄瓜", "买了 炒了 种了 洗了"),
    ("动物", "小狗 小猫 兔子 金鱼 乌龟 鹦鹉", "养了 画了 看见了"),
    ("乐器", "钢琴 小提琴 二胡 笛子 吉他 琵琶", "买了 学了 修好了"),
    ("家具", "桌子 椅子 沙发 书架 衣柜", "买了 搬来了 擦了"),
    ("饮料", "可乐 果汁 汽水 奶茶", "买了 喝了 带来了"),
    ("衣服", "毛衣 衬衫 大衣 短裤 裙子", "买了 洗了 试了"),
    ("文具", "铅笔 橡皮 尺子 钢笔", "买了 借了 带来了"),
    ("花", "玫瑰 菊花 牡丹 百合", "种了 画了 买了"),
]
QUALITIES = [
    ("房间", "大", "小"), ("箱子", "重", "轻"), ("河水", "深", "浅"), ("教室", "干净", "脏"), ("街道", "热闹", "冷清"), ("题目", "简单", "难"), ("汤", "热", "凉"),
    ("路", "宽", "窄"), ("衣服", "新", "旧"), ("绳子", "长", "短"), ("火车", "快", "慢"), ("桌子", "高", "矮"), ("面包", "软", "硬"), ("天空", "亮", "暗"), ("菜", "便宜", "贵"),
]
FEELINGS = [("高兴", "开心", "难过"), ("生气", "恼火", "高兴"), ("害怕", "恐惧", "勇敢"), ("累", "疲倦", "精神"), ("着急", "焦急", "平静"), ("伤心", "难过", "快乐"), ("紧张", "不安", "放松")]
COMPARE = [("高", "矮"), ("重", "轻"), ("大", "小"), ("跑得快", "跑得慢"), ("起得早", "起得晚"), ("力气大", "力气小"), ("游得快", "游得慢")]
GROUPS = [
    ("学生", "交了作业"), ("同学", "参加了运动会"), ("老师", "来开会了"), ("孩子", "睡着了"), ("客人", "到了"), ("工人", "下班了"), ("苹果", "熟了"), ("窗户", "关上了"), ("灯", "亮了"),
    ("队员", "通过了测试"), ("乘客", "下车了"), ("游客", "买了门票"), ("花", "开了"), ("邻居", "搬走了"), ("运动员", "吃过饭了"),
]
EVENTS = "会议 比赛 演出 考试 讲座 聚会 婚礼 展览 晚会 面试".split()
DAYS = "星期一 星期二 星期三 星期四 星期五 星期六 星期日".split()
COUNTS = [("教室里", "个", "学生"), ("书架上", "本", "书"), ("盘子里", "个", "苹果"), ("停车场里", "辆", "汽车"), ("鱼缸里", "条", "鱼"), ("花园里", "棵", "树"), ("盒子里", "支", "铅笔"), ("农场里", "头", "牛"), ("车厢里", "个", "乘客")]
ACTS = [("打败了", "打败"), ("批评了", "批评"), ("表扬了", "表扬"), ("救了", "救"), ("找到了", "找到"), ("骗了", "骗"), ("推倒了", "推倒"), ("追上了", "追上"), ("吓到了", "吓到")]
CITIES = [(c, p) for p, c in F.PROVINCES]
STEPS = "洗手 吃饭 写作业 看电视 洗澡 刷牙 扫地 跑步 买菜 打电话 换衣服 喝水".split()
FACTS = "会议取消了 比赛推迟了 图书馆关门了 火车晚点了 小店搬家了 考试结束了 老师生病了 飞机已经起飞了 奶奶出院了 新桥通车了 电影开始了 电梯坏了".split()
CAUSES = [("下雨", "比赛取消了", "比赛照常举行了"), ("生病", "小明没有上学", "小明按时上学了"), ("堵车", "爸爸迟到了", "爸爸准时到了"), ("停电", "商店提前关门了", "商店照常营业"), ("下雪", "航班延误了", "航班准时起飞了"), ("没带伞", "姐姐淋湿了", "姐姐身上是干的"), ("起晚了", "哥哥没赶上火车", "哥哥赶上了火车"), ("太累", "爷爷早早睡了", "爷爷一夜没睡")]
KIN = [("爸爸", "孩子", "儿子"), ("妈妈", "孩子", "女儿"), ("老师", "学生", "老师"), ("爷爷", "孙辈", "爷爷")]
ADD = "很喜欢看电影 最近在学英语 住在三楼 每天早起 有一辆自行车 喜欢吃面条 会弹钢琴 去过上海 穿着红色的外套 戴着眼镜".split()


def hypernym(r, label):
    i, (kind, members, verbs) = r.choice(list(enumerate(HYPERNYMS)))
    p, m, v = r.choice(PEOPLE), r.choice(members.split()), r.choice(verbs.split())
    first = f"{p}{v}{m}。"
    bare = v.removesuffix("了")
    second = {
        "entailment": f"{p}{v}{kind}。",
        "contradiction": r.choice((f"{p}没有{bare}{m}。", f"{p}没有{bare}{kind}。", f"{p}什么{kind}都没{bare}。")),
        "neutral": r.choice((f"{p}{r.choice(ADD)}。", f"{p}{v}{r.choice([x[0] for x in HYPERNYMS if x[0] != kind])}。")),
    }[label]
    return f"{p}{v}{m}", first, second


def quality(r, label):
    thing, a, b = r.choice(QUALITIES)
    where = r.choice(("", "这里的", "那边的", "他家的", "学校的", "他们的", "这家的", "昨天的", "城里的", "村里的"))
    if r.random() < 0.5:
        a, b = b, a
    stem = f"{where}{thing}"
    first = f"{stem}{r.choice(('很', '非常', '特别'))}{a}。"
    second = {"contradiction": r.choice((f"{stem}很{b}。", f"{stem}一点也不{a}。")), "entailment": r.choice((f"{stem}并不{b}。", f"{stem}是{a}的。")), "neutral": r.choice((f"{r.choice(PEOPLE)}很喜欢{stem}。", f"{r.choice(PEOPLE)}{r.choice(ADD)}。"))}[label]
    return f"{stem}{a}", first, second


def counting(r, label):
    where, unit, thing = r.choice(COUNTS)
    n = r.choice(list(NUMERALS)[1:-1])
    less, more = r.choice([x for x in NUMERALS if x < n]), r.choice([x for x in NUMERALS if x > n])
    first = f"{where}有{NUMERALS[n]}{unit}{thing}。"
    second = {
        "entailment": r.choice((f"{where}有超过{NUMERALS[less]}{unit}{thing}。", f"{where}有{thing}。", f"{where}的{thing}不到{NUMERALS[more]}{unit}。")),
        "contradiction": r.choice((f"{where}只有{NUMERALS[less]}{unit}{thing}。", f"{where}没有{thing}。", f"{where}的{thing}超过{NUMERALS[more]}{unit}。")),
        "neutral": r.choice((f"{where}的{thing}都是新来的。", f"{where}的{thing}很好看。", f"{where}的{thing}比去年多。")),
    }[label]
    return f"{where}{n}", first, second


def living(r, label):
    p = r.choice(PEOPLE)
    city, province = r.choice(CITIES)
    other_city, other = r.choice([c for c in CITIES if c[1] != province])
    verb = r.choice(("住在", "正在", "出生在"))
    second = {
        "entailment": r.choice((f"{p}{verb}{province}。", f"{p}{verb}中国。")),
        "contradiction": r.choice((f"{p}{verb}{other_city}。", f"{p}{verb}{other}。", f"{p}不{verb.replace('正在', '在')}{province}。" if verb != "出生在" else f"{p}不是{verb}{province}的。")),
        "neutral": r.choice((f"{p}{r.choice(ADD)}。", f"{p}想去{other_city}旅游。")),
    }[label]
    return f"{p}{verb}{city}", f"{p}{verb}{city}。", second


def compare(r, label):
    a, b, c = r.sample(PEOPLE, 3)
    more, less = r.choice(COMPARE)
    if r.random() < 0.5:
        more, less = less, more
    second = {
        "entailment": f"{b}比{a}{less}。",
        "contradiction": r.choice((f"{b}比{a}{more}。", f"{a}比{b}{less}。", f"{a}和{b}一样{more}。")),
        "neutral": r.choice((f"{a}比{c}{more}。", f"{c}比{b}{more}。", f"{c}比{a}{less}。")),
    }[label]
    return f"{a}{b}{more}", f"{a}比{b}{more}。", second


def quantifier(r, label):
    who, what = r.choice(GROUPS)
    kind = r.randrange(3)
    where = r.choice(("这里", "今天", "我们这边", "他们那里", "南边", "北边", "二楼"))
    all_, some, none = f"{where}所有的{who}都{what}。", f"{where}有的{who}{what}。", f"{where}没有一个{who}{what}。".replace("一个花", "一朵花").replace("一个灯", "一盏灯").replace("一个窗户", "一扇窗户").replace("一个老师", "一位老师")
    first, ent, con = [(all_, [some], [none, f"{where}有的{who}没有{what.removesuffix('了').replace('过饭', '饭').replace('了', '')}。"]), (none, [f"{where}不是所有的{who}都{what}。"], [some, all_]), (some, [f"{where}至少有{'一部分' if who != '灯' else '几盏'}{who}{what}。"], [none])][kind]
    neutral = [all_, f"{where}的{who}大多数都{what}。"] if kind == 2 else [f"{where}的{who}比昨天多。", f"{where}的{who}很受欢迎。"]
    second = r.choice({"entailment": ent, "contradiction": con, "neutral": neutral}[label])
    return f"{where}{who}{kind}", first, second


def passive(r, label):
    pool = r.choice((PEOPLE, ANIMALS))
    a, b, c = r.sample(pool, 3)
    done, verb = r.choice(ACTS)
    if r.random() < 0.5:
        first = f"{a}{done}{b}。"
        ent, con = f"{b}被{a}{done}。", [f"{a}没有{verb}{b}。", f"{b}没有被{a}{verb}。"]
    else:
        first = f"{b}被{a}{done}。"
        ent, con = f"{a}{done}{b}。", [f"{a}没有{verb}{b}。", f"{b}没有被{a}{verb}。"]
    second = r.choice({"entailment": [ent], "contradiction": con, "neutral": [f"{a}{done}{c}。", f"{c}被{a}{done}。", f"{c}{done}{b}。"]}[label])
    return f"{a}{b}{verb}", first, second


def dropping(r, label):
    p, t, w, d = r.choice(PEOPLE), r.choice(TIMES), r.choice(PLACES), r.choice(DOINGS)
    q = r.choice([x for x in PEOPLE if x != p])
    first = f"{t}{p}在{w}{d}。"
    other = r.choice([x for x in PLACES if x != w])
    second = {
        "entailment": r.choice((f"{p}在{w}{d}。", f"{t}{p}在{d}。", f"{t}{p}在{w}。")),
        "contradiction": r.choice((f"{t}{p}没有{d}。", f"{t}{p}不在{w}。", f"{t}{p}一直在{other}。")),
        "neutral": r.choice((f"{t}{p}和{q}一起在{w}{d}。", f"{p}非常喜欢{d}。", f"{q}{t}也在{d}。")),
    }[label]
    return f"{t}{p}{w}{d}", first, second


def sequence(r, label):
    p = r.choice(PEOPLE)
    a, b, c = r.sample(STEPS, 3)
    second = {
        "entailment": r.choice((f"{p}在{b}之前{a}。", f"{p}{a}之后才{b}。")),
        "contradiction": r.choice((f"{p}在{a}之前{b}。", f"{p}先{b}，然后{a}。", f"{p}{b}之后才{a}。")),
        "neutral": r.choice((f"{p}{b}之后又{c}。", f"{p}在{a}之前{c}。", f"{p}很喜欢{c}。")),
    }[label]
    return f"{p}{a}{b}", f"{p}先{a}，然后{b}。", second


def schedule(r, label):
    e, d = r.choice(EVENTS), r.choice(DAYS)
    where = r.choice(("公司的", "学校的", "我们的", "他们的", "下一场"))
    half, other_half = r.choice((("上午", "下午"), ("下午", "上午"), ("晚上", "早上")))
    d2 = r.choice([x for x in DAYS if x != d])
    second = {
        "entailment": r.choice((f"{where}{e}不在{d2}。", f"{where}{e}在{d}。", f"{where}{e}安排在{half}。")),
        "contradiction": r.choice((f"{where}{e}在{d2}举行。", f"{where}{e}不在{d}。", f"{where}{e}在{d}{other_half}举行。")),
        "neutral": r.choice((f"{where}{e}在三楼举行。", f"{where}{e}会持续两个小时。", f"{where}{e}来了很多人。")),
    }[label]
    return f"{where}{e}{d}{half}", f"{where}{e}在{d}{half}举行。", second


def feeling(r, label):
    p, t = r.choice(PEOPLE), r.choice(TIMES)
    a, same, opposite = r.choice(FEELINGS)
    second = {
        "entailment": r.choice((f"{t}{p}很{same}。", f"{t}{p}感到{a}。")),
        "contradiction": r.choice((f"{t}{p}很{opposite}。", f"{t}{p}一点也不{a}。", f"{t}{p}并不{same}。")),
        "neutral": r.choice((f"{t}{p}在{r.choice(DOINGS)}。", f"{p}{r.choice(ADD)}。")),
    }[label]
    return f"{t}{p}{a}", f"{t}{p}很{a}。", second


def together(r, label):
    a, b, c = r.sample(PEOPLE, 3)
    city = r.choice(CITIES)[0]
    act = r.choice((f"去了{city}", f"到过{city}"))
    bare = act[1:].lstrip("了过")
    if r.random() < 0.5:
        first, ent = f"{a}和{b}都{act}。", [f"{a}{act}。", f"{b}{act}。"]
        con = [f"{a}没有{act.replace('了', '')}。", f"{b}没有{act.replace('了', '')}。", f"只有{a}{act}。"]
        neu = [f"{c}也{act}。", f"{a}很喜欢{city}。"]
        key = "和"
    else:
        first, ent = f"{a}或者{b}{act}。", [f"{a}和{b}中至少有一个人{act}。"]
        con = [f"{a}和{b}都没有{act.replace('了', '')}。"]
        neu = [f"{a}{act}。", f"{b}{act}。", f"{a}没有{act.replace('了', '')}。"]
        key = "或"
    return f"{a}{b}{city}{key}", first, r.choice({"entailment": ent, "contradiction": con, "neutral": neu}[label])


def knowing(r, label):
    p, f = r.choice(PEOPLE), r.choice(FACTS)
    if label == "entailment":
        first, second = r.choice(((f"{p}知道{f}。", f"{f}。"), (f"{p}发现{f}。", f"{f}。"), (f"正如{p}所说，{f}。", f"{f}。")))
    elif label == "contradiction":
        first, second = r.choice(((f"{p}以为{f}，其实并没有。", f"{f}。"), (f"{p}误以为{f}。", f"{f}。"), (f"{p}谎称{f}。", f"{f}。")))
    else:
        first, second = r.choice(((f"{p}希望{f}。", f"{f}。"), (f"{p}担心{f}。", f"{f}。"), (f"{p}在问是不是{f}。", f"{f}。")))
    return first, first, second


def cause(r, label):
    why, what, opposite = r.choice(CAUSES)
    t = r.choice(TIMES)
    first = f"{t}因为{why}，{what}。"
    second = {
        "entailment": r.choice((f"{t}{what}。", f"{what}，原因是{why}。")),
        "contradiction": f"{t}{opposite}。",
        "neutral": r.choice((f"{t}很多人都在抱怨。", f"{t}妈妈很担心。", f"{t}大家都去了餐厅。", f"{t}{r.choice(PEOPLE)}在{r.choice(DOINGS)}。")),
    }[label]
    return f"{t}{why}", first, second


def price(r, label):
    a, b, c = r.sample("苹果 梨 葡萄 香蕉 西瓜 白菜 土豆 黄瓜 鸡蛋 牛肉".split(), 3)
    n, m = r.sample([3, 4, 5, 6, 8, 10, 12, 15, 20], 2)
    hi, lo = (a, b) if n > m else (b, a)
    first = f"{a}{NUMERALS[n]}元一斤，{b}{NUMERALS[m]}元一斤。"
    second = {
        "entailment": r.choice((f"{hi}比{lo}贵。", f"{lo}比{hi}便宜。")),
        "contradiction": r.choice((f"{lo}比{hi}贵。", f"{hi}比{lo}便宜。", f"{a}和{b}一样贵。")),
        "neutral": r.choice((f"{a}比{c}贵。", f"{b}很新鲜。", f"{c}比{b}便宜。", f"买{a}的人很多。")),
    }[label]
    return f"{a}{n}{b}{m}", first, second


def finished(r, label):
    p, f = r.choice(PEOPLE), r.choice(("写完了作业", "吃完了午饭", "看完了那本书", "做完了练习", "洗完了衣服", "修好了自行车", "打扫完了房间", "画完了那幅画"))
    verb, thing = f[0], f.split("了")[1]
    if f[:2] == "打扫":
        verb = "打扫"
    q = r.choice([x for x in PEOPLE if x != p])
    second = {
        "entailment": r.choice((f"{p}的{thing}已经{f.split('了')[0]}了。", f"{p}不用再{verb}{thing}了。")),
        "contradiction": r.choice((f"{p}还没有{f.replace('了', '')}。", f"{p}还没开始{verb}{thing}。", f"{p}的{thing}一点也没{verb}。")),
        "neutral": r.choice((f"{q}也{f}。", f"{p}打算去{r.choice(PLACES)}。", f"{p}觉得很轻松。")),
    }[label]
    return f"{p}{f}", f"{p}已经{f}。", second


FAMILIES = (hypernym, quality, counting, living, compare, quantifier, passive, dropping, sequence, schedule, feeling, together, knowing, cause, price, finished)


def pair(rng, part, label=None, family=None):
    while True:
        make = family or rng.choice(FAMILIES)
        chosen = label or rng.choice(LABELS)
        key, first, second = make(rng, chosen)
        p = Pair(f"{make.__name__}/{key}", first, second, chosen)
        if part_of(p.key) == part:
            return p
